import { errors } from '@nats-io/transport-node';
import { messageOf, SetupError } from '../../core/errors.js';
import type { ConnectOptions } from './connection.js';

/** Why there is no connection, and what to do. */
export function connectionError(error: unknown, { servers, seed, tls }: ConnectOptions): SetupError {
  const where = servers.join(', ');
  const [code, why] = reason(error, seed, tls);
  return new SetupError(
    code,
    `No connection to the NATS server at ${where}: ${why}`,
    { servers: where },
    { cause: error },
  );
}

type Reason = readonly [code: string, why: string];

function reason(error: unknown, seed: ConnectOptions['seed'], tls: ConnectOptions['tls']): Reason {
  const told = messageOf(error);
  const code = codeOf(error);
  if (error instanceof errors.AuthorizationError || /nonce|nkey/i.test(told))
    return [
      'ERR_BROKER_AUTH',
      seed === undefined
        ? 'it wants a key. Give the key file of this party.'
        : `it refused the key of this party (${told}). Make its configuration again from the list of peers that has this party's public ` +
          'key (`bloom-split broker-config`), and start it with that.',
    ];
  if (code === 'CERT_HAS_EXPIRED')
    return ['ERR_BROKER_CERTIFICATE', 'its certificate has expired. Give the NATS server a new one.'];
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return [
      'ERR_BROKER_CERTIFICATE',
      `its certificate is for another host (${told}). Use an address that the certificate names.`,
    ];
  if (/CERT|SIGNATURE|ISSUER|SIGNED/.test(code))
    return [
      'ERR_BROKER_CERTIFICATE',
      `its certificate is not signed by ${tls ? `the authority in "${tls.caFile}"` : 'an authority that this machine knows'} (${code}). ` +
        'Give the file of the authority that signed it.',
    ];
  if (tls && told.includes("doesn't exist"))
    return [
      'ERR_BROKER_CERTIFICATE',
      `there is no file "${tls.caFile}" of a certificate authority. Correct its path.`,
    ];
  if (/support 'tls'/.test(told))
    return [
      'ERR_BROKER_TLS',
      'it has no TLS, but TLS is wanted. Give it a certificate, or, where nobody can listen, leave out authority and tls://.',
    ];
  return [
    'ERR_BROKER_UNREACHABLE',
    `${told === '' ? 'it hung up' : told.replace(/\.$/, '')}. Start it (nats-server -c FILE), or correct the address; a firewall must let it through.`,
  ];
}

/** Node's code of the error, or of what it came from. */
function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? '' : codeOf(cause);
}
