import { ConfigError } from '../core/errors.js';
import type { EngineDecision } from './choice.js';
import type { Device } from './engine.js';

/** What the user said about devices, and what there is to place. */
export interface PlacementRequest {
  /** Whose devices they are. */
  readonly engine: EngineDecision;
  /** "auto", or names separated by commas. */
  readonly devices: string;
  /** "auto", or a name. */
  readonly tailDevice: string;
  /** Worker threads; "auto": as many as GPUs are used, or cores. Never more than clients. */
  readonly numThreads: number | 'auto';
  readonly numClients: number;
  readonly numCores: number;
}

/** The device of each worker thread, and of the server's tail. */
export interface Placement {
  readonly threadDevices: readonly string[];
  readonly tailDevice: string;
}

/**
 * Deals the devices out to the threads in turn, so that they share them evenly. By default threads take every GPU, or else
 * the processor; the tail takes the last GPU, or else the processor. Throws ConfigError, with the list of devices, where one
 * does not exist.
 */
export function placeRun(request: PlacementRequest, available: readonly Device[]): Placement {
  const existing = available.map(({ name }) => name);
  const gpus = existing.filter(isGpu);
  const best = gpus.length > 0 ? gpus : existing;
  const asked = request.devices.split(',').map((name) => name.trim());
  const names = request.devices === 'auto' ? best : asked;
  for (const name of names) requireDevice('devices', name, existing, request.engine);
  const tailDevice = request.tailDevice === 'auto' ? best[best.length - 1] : request.tailDevice;
  requireDevice('tail_device', tailDevice, existing, request.engine);

  const wanted = names.some(isGpu) ? names.length : request.numCores;
  const numThreads = Math.min(
    request.numThreads === 'auto' ? wanted : request.numThreads,
    request.numClients,
  );
  const threadDevices = Array.from({ length: numThreads }, (_, thread) => names[thread % names.length]);
  return { threadDevices, tailDevice };
}

function isGpu(name: string): boolean {
  return name.startsWith('gpu');
}

function requireDevice(key: string, name: string, existing: readonly string[], engine: EngineDecision): void {
  if (existing.includes(name)) return;
  throw new ConfigError(
    'ERR_DEVICE',
    `\`${key}\` names "${name}", but engine "${engine.name}" (${engine.why ?? 'asked for by `engine`'}) sees only: ` +
      `${existing.join(', ')}. Choose of these, or "auto", or another \`engine\`.`,
    { device: name, engine: engine.name },
  );
}
