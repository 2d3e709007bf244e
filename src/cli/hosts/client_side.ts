import type { RunConfig } from '../../config/run_config.js';
import type { Progress } from '../../core/progress.js';
import { requireFiles, type Checkpoint, type RequireHeads } from '../../server/checkpoint.js';
import type { OpenClients } from '../cluster.js';
import { planRun, type RunPlan } from '../plan.js';
import { localClients } from '../run_cluster.js';
import { openRemoteSide } from './remote_side.js';

/** Where the clients of a run live. */
export interface ClientSide {
  /** What the run is, by what the clients know of their rows. */
  readonly plan: RunPlan;
  /** The clients, for a run in this directory. */
  clientsOf(runDirectory: string): RunClients;
  close(): Promise<void>;
}

/** The clients of one run. */
export interface RunClients {
  readonly open: OpenClients;
  readonly requireHeads: RequireHeads;
  /** Their files of other checkpoints than these are not needed any more. */
  keepHeadsOf(checkpoints: readonly Checkpoint[]): Promise<void>;
  /** The run is over: who waits for more of it need not. */
  end(): Promise<void>;
}

/** Told what happens while clients are waited for. */
export interface SideOptions {
  readonly progress: Progress;
  readonly say: (line: string) => void;
  readonly warn: (message: string) => void;
  readonly interruptedBy: () => string | undefined;
}

/** Reads the rows, or asks those who have them, and plans the run. Throws ConfigError, DataError or ShapeError. */
export async function openClientSide(config: RunConfig, options: SideOptions): Promise<ClientSide> {
  switch (config.link) {
    case 'threads':
      return await openLocalSide(config, options.progress);
    case 'nats':
      return await openRemoteSide(config, options);
    default:
      return config.link satisfies never;
  }
}

async function openLocalSide(config: RunConfig, progress: Progress): Promise<ClientSide> {
  const plan = await planRun(config, progress);
  const clients: RunClients = {
    open: localClients(config, plan),
    requireHeads: requireFiles,
    keepHeadsOf: () => Promise.resolve(),
    end: () => Promise.resolve(),
  };
  return { plan, clientsOf: () => clients, close: () => Promise.resolve() };
}
