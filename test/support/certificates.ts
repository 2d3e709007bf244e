import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PEM files of a certificate authority of a test's own, and of two brokers on this machine: one's certificate has expired. */
export interface Certificates {
  readonly authority: string;
  readonly valid: string;
  readonly expired: string;
  /** Private key of both. */
  readonly key: string;
}

/** Makes them in a folder with the program `openssl`. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '1',
    '-subj',
    '/CN=bloom test',
  );
  openssl('req', ...newKey, '-keyout', 'broker.key', '-out', 'broker.csr', '-subj', '/CN=broker');
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  for (const [name, days] of [
    ['valid.crt', '1'],
    ['expired.crt', '-1'],
  ])
    openssl('x509', '-req', '-in', 'broker.csr', ...authority, '-days', days, '-out', name);
  return {
    authority: at('ca.crt'),
    valid: at('valid.crt'),
    expired: at('expired.crt'),
    key: at('broker.key'),
  };
}
