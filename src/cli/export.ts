import type { Command } from 'commander';
import { configFromFile } from '../config/load.js';
import { ConfigError } from '../core/errors.js';
import { models } from '../models/registry.js';
import { runFiles } from '../report/run_directory.js';
import { schemes } from '../server/schemes/registry.js';
import { exportModel } from './export_model.js';
import { headsDiffer, partsOfNetwork } from './model_files.js';
import { splitOf } from './plan.js';
import { readSummary } from './read_summary.js';

interface ExportOptions {
  readonly head?: string;
  readonly back?: string;
  readonly tail?: string;
  readonly out?: string;
}

/** `bloom-split export RUN_DIR`: joins the parts of a model into one ONNX file, where one party may have them all. */
export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description('Join the parts of the model of a finished run, wherever they are, into one ONNX model.')
    .argument('<run-directory>', 'a directory that `train` or `serve` made')
    .option('--head <file>', "the client's first layers, if not where `train` leaves them")
    .option('--back <file>', "of u_shaped: the client's last layers")
    .option('--tail <file>', "the server's layers")
    .option('--out <file>', 'the ONNX model; without it model/model.onnx in the run directory')
    .action(async (runDirectory: string, { out, ...given }: ExportOptions) => {
      const files = runFiles(runDirectory);
      const { config } = configFromFile(files.config);
      const { picture, background, class_names: classNames } = (await readSummary(runDirectory)).input;
      const network = models[config.model]({ picture, numClasses: classNames.length });
      const parts = { scheme: schemes[config.mode], split: splitOf(config, network) };
      if (headsDiffer(parts.scheme) && given.head === undefined) {
        throw new ConfigError(
          'ERR_EXPORT',
          `Every client of "${runDirectory}" has a head of its own. Say which one is meant, with \`--head\`.`,
        );
      }
      const saved = partsOfNetwork(runDirectory, parts).map((part) => ({
        ...part,
        path: given[part.name] ?? part.path,
      }));
      const path = out ?? files.onnx;
      await exportModel({ network, dataset: { background, classNames } }, saved, path);
      process.stdout.write(`${path}\n`);
    });
}
