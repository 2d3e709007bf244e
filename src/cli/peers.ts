import type { Command } from 'commander';
import { writeFileAtomic } from '../core/files.js';
import { joinPeers, peersToYaml, readHalves } from '../link/nats/peers.js';

/** `bloom-split peers FILE...`: makes the list of peers out of public halves. */
export function addPeersCommand(program: Command): void {
  program
    .command('peers')
    .description(
      'Join the public halves of all parties (*.pub.yaml) into the list that every party is started with. Given a list, check it and ' +
        'tell its SHA-256, which all should compare by another way than the one the list came.',
    )
    .argument('<files...>', 'one *.pub.yaml of the server and of each client, or a list')
    .option('--out <file>', 'write the list there instead of printing it')
    .action(async (files: readonly string[], { out }: { out?: string }) => {
      const halves = (await Promise.all(files.map(readHalves))).flat();
      const peers = joinPeers(halves, files.length === 1 ? `"${files[0]}"` : 'These files');
      if (out === undefined) process.stdout.write(peersToYaml(peers));
      else await writeFileAtomic(out, peersToYaml(peers));
      process.stderr.write(
        `run ${peers.runName}, the server and ${peers.clients.length} clients. SHA-256 of the keys, which all parties should compare:\n` +
          `${peers.fingerprint}\n`,
      );
    });
}
