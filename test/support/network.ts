import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { repoRoot } from './e2e_command.js';

/** Of a host: each way, for what it sends, and for what it sends and is sent (0: no limit). */
export interface Line {
  readonly delayMs: number;
  readonly loss: number;
  readonly upMbit: number;
  readonly downMbit: number;
}

/** Hosts on one machine, each a network namespace with one line to all others. */
export interface Network {
  /** By the order in which they were asked for. */
  readonly addresses: readonly string[];
  /** A command that runs on this host. */
  on(host: number, command: readonly string[]): readonly string[];
  /** From when it resolves nothing comes from or to this host. */
  cut(host: number): Promise<void>;
  mend(host: number): Promise<void>;
  close(): Promise<void>;
}

const NET = '10.0.0.0/24';
/** Linux's own default, whatever this machine has: a line does not carry the same with each. */
const CONGESTION = 'cubic';

/** Why there can be no network here; undefined where there can. */
export function whyNoNetwork(): string | undefined {
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  const tries = [
    ['python3', '--version'],
    ['nsenter', '--version'],
    ['unshare', '--net', 'ip', 'tuntap', 'add', 'dev', 'try', 'mode', 'tun'],
    ['unshare', '--net', 'sh', '-c', `ip link set lo up && ip route add ${NET} dev lo congctl ${CONGESTION}`],
  ];
  for (const [program, ...args] of tries) {
    const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
    if (error) return error.message;
    if (status !== 0) return `"${[program, ...args].join(' ')}" failed: ${stderr.trim()}`;
  }
  return undefined;
}

/**
 * Namespaces have no names: they end with the processes in them, and those with this one, however that ends. `congestionControl` is
 * of TCP, on all hosts.
 */
export async function openNetwork(lines: readonly Line[], congestionControl = CONGESTION): Promise<Network> {
  const addresses = lines.map((_, host) => `10.0.0.${host + 1}`);
  const deviceOf = (host: number) => `line${host}`;
  const script = join(repoRoot, 'test', 'fixtures', 'network.py');
  const hosts = lines.map(({ delayMs, loss, upMbit, downMbit }, host) => ({
    ...{ device: deviceOf(host), address: addresses[host] },
    ...{ delay_ms: delayMs, loss, up_mbit: upMbit, down_mbit: downMbit },
  }));
  const started: Answering[] = [];
  const unshared = async (command: readonly string[]) => {
    const program = new Answering('unshare', ['--net', ...command]);
    started.push(program);
    await program.answers('ready');
    return program;
  };
  const close = async () => {
    await Promise.all(started.map((program) => program.close()));
  };
  try {
    const network = await unshared(['python3', script, JSON.stringify(hosts)]);
    const holders = await Promise.all(
      lines.map(() => unshared(['sh', '-c', 'ip link set lo up && echo ready && exec cat'])),
    );
    for (const [host, { pid }] of holders.entries()) {
      const device = deviceOf(host);
      runIn(network.pid, ['ip', 'link', 'set', device, 'netns', String(pid)]);
      runIn(pid, ['ip', 'address', 'add', `${addresses[host]}/24`, 'dev', device, 'noprefixroute']);
      runIn(pid, ['ip', 'link', 'set', device, 'up', 'txqueuelen', '10000']);
      // By route, and not by sysctl: containers have /proc/sys read-only.
      runIn(pid, ['ip', 'route', 'add', NET, 'dev', device, 'congctl', congestionControl]);
    }
    const tell = (command: string) => network.obeys(command);
    return {
      addresses,
      on: (host, command) => [...enter(holders[host].pid), ...command],
      cut: (host) => tell(`cut ${deviceOf(host)}`),
      mend: (host) => tell(`mend ${deviceOf(host)}`),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const enter = (pid: number) => ['nsenter', '--target', String(pid), '--net'];

function runIn(pid: number, command: readonly string[]): void {
  const [program, ...args] = [...enter(pid), ...command];
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`"${command.join(' ')}" failed: ${stderr}`);
}

/** A program that answers in lines, and ends with its stdin. */
class Answering {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #lines: Interface;

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#exited = once(this.#child, 'exit');
    this.#lines = createInterface(this.#child.stdout!);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async answers(expected: string): Promise<void> {
    const [line] = (await Promise.race([once(this.#lines, 'line'), this.#exited])) as unknown[];
    if (line !== expected)
      throw new Error(`The network answered "${String(line)}" instead of "${expected}".`);
  }

  async obeys(command: string): Promise<void> {
    this.#child.stdin!.write(`${command}\n`);
    await this.answers(command);
  }

  async close(): Promise<void> {
    this.#child.stdin!.end();
    await this.#exited;
  }
}
