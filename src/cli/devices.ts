import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { RunConfig } from '../config/run_config.js';
import { ConfigError } from '../core/errors.js';
import { chooseEngine } from '../engine/choice.js';
import { placeRun } from '../engine/placement.js';
import { engineNames, loadEngine, type EngineName } from '../engine/registry.js';
import { placementRows } from '../report/placement.js';
import { alignColumns } from '../report/table.js';
import { addConfigOptions, configSources } from './options.js';

const BYTES_PER_GIB = 2 ** 30;

/** `bloom-split devices`: what there is to compute with, and what a run with these options would put where. */
export function addDevicesCommand(program: Command): void {
  const command = program
    .command('devices')
    .description('Show the devices of every engine, and which client and thread would be put where.');
  addConfigOptions(command).action(async () => {
    const { config } = loadConfig(configSources(command));
    const rows = [['engine', 'version', 'device', 'memory', '']];
    for (const name of engineNames) rows.push(...(await deviceRows(name)));
    process.stdout.write(`${alignColumns(rows).join('\n')}\n\n`);
    process.stdout.write(`${(await placementLines(config)).join('\n')}\n`);
  });
}

async function deviceRows(name: EngineName): Promise<string[][]> {
  try {
    const engine = await loadEngine(name);
    return (await engine.listDevices()).map((device) => [
      name,
      engine.version,
      device.name,
      device.memoryBytes === undefined ? '' : `${(device.memoryBytes / BYTES_PER_GIB).toFixed(1)} GiB`,
      device.description,
    ]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [[name, '', '', '', error.message]];
  }
}

async function placementLines(config: RunConfig): Promise<readonly string[]> {
  const engine = await chooseEngine(config.engine);
  const { name, why } = engine;
  const request = {
    engine,
    devices: config.devices,
    tailDevice: config.tail_device,
    numThreads: config.n_threads,
    numClients: config.n_workers,
    numCores: availableParallelism(),
  };
  const placement = placeRun(request, await (await loadEngine(name)).listDevices());
  return [
    `a run with these options, on ${name}${why === undefined ? '' : ` (${why})`}:`,
    ...alignColumns(placementRows({ ...placement, numClients: config.n_workers })).map((line) => `  ${line}`),
  ];
}
