import tseslint from 'typescript-eslint';

/** Rooms of src/, from the entry down: a room may import only itself and what stands to the right of it. */
const layers = [
  ['cli'],
  ['server', 'client', 'report'],
  ['link', 'metrics', 'planner'],
  ['engine', 'models', 'data'],
  ['core'],
];
/** Allowed inside one layer, since they are parts of one thought: engines compile models, data sets feed them. */
const sameLayer = {
  link: [],
  metrics: [],
  planner: [],
  engine: ['models'],
  models: [],
  data: [],
  server: [],
  client: [],
  report: [],
};
/** The one home of a third-party package. */
const homes = {
  piscina: ['server'],
  comlink: ['link', 'engine'],
  '@nats-io/transport-node': ['link/nats'],
  '@msgpack/msgpack': ['link/nats'],
  'onnxruntime-node': ['engine/onnxruntime'],
  '@tensorflow/tfjs-node-gpu': ['engine/tensorflow'],
  protobufjs: ['engine/onnxruntime', 'report/tensorboard'],
  convict: ['config'],
  yaml: ['config', 'link/nats'],
  '@nats-io/transport-node': ['link/nats'],
  winston: ['report'],
  'cli-progress': ['report'],
  vega: ['report/plots'],
  'vega-lite': ['report/plots'],
  '@resvg/resvg-js': ['report/plots'],
  'crc-32': ['report/tensorboard'],
  hyparquet: ['data/femnist'],
  'fast-png': ['data/femnist'],
  tar: ['data'],
  commander: ['cli'],
  'pure-rand': ['core'],
};

const rooms = layers.flat();

function forbiddenRooms(room) {
  const level = layers.findIndex((layer) => layer.includes(room));
  const above = layers.slice(0, level).flat();
  const beside = layers[level].filter((other) => other !== room && !(sameLayer[room] ?? []).includes(other));
  return [...above, ...beside, ...(room === 'cli' ? [] : ['config'])];
}

function restrictions(room, files) {
  const patterns = forbiddenRooms(room).map((other) => ({
    regex: `^(\\.\\./)+${other}/`,
    message: `${room}/ must not import ${other}/ (see docs/architecture.md).`,
  }));
  const foreign = Object.entries(homes)
    .filter(([, places]) => !places.some((place) => files.startsWith(`src/${place}`)))
    .map(([name, places]) => ({
      regex: `^${name}(/|$)`,
      message: `${name} is used only in ${places.join(', ')}.`,
    }));
  const measured = {
    regex: '^(\\.\\./)+core/costs\\.js$',
    message: 'planner/ predicts what the ledger measures: they share no code.',
  };
  const environment = [
    { object: 'process', property: 'env', message: 'Only config/ reads the environment.' },
    { object: 'process', property: 'argv', message: 'Only config/ and main.ts read the arguments.' },
  ];
  return {
    files: [`${files}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [...patterns, ...foreign, ...(room === 'planner' ? [measured] : [])] },
      ],
      'no-restricted-properties': room === 'config' ? 'off' : ['error', ...environment],
    },
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'coverage/', 'eslint.config.js', 'tools/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: ['./test/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Takes winston's transports, whose types are an interface, for plain objects.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { allowDefaultCaseForExhaustiveSwitch: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
    },
  },
  ...rooms.map((room) => restrictions(room, `src/${room}`)),
  restrictions('engine', 'src/engine/onnxruntime'),
  restrictions('engine', 'src/engine/tensorflow'),
  restrictions('link', 'src/link/nats'),
  restrictions('report', 'src/report/tensorboard'),
  restrictions('report', 'src/report/plots'),
  restrictions('data', 'src/data/femnist'),
  restrictions('link', 'src/link/nats'),
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      'prefer-const': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
