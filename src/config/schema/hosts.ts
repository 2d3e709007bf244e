import { brokerAddress, file, oneOf, positive } from '../formats.js';
import { linkNames, type RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

/** Where the clients live, and how they are reached. */
export const hostsKeys: Schema<Pick<RunConfig, 'link' | 'rejoin_timeout_s' | 'nats'>> = {
  link: {
    doc: 'How the server reaches its clients: on threads of this process, or in processes of their own, over NATS.',
    format: oneOf(linkNames),
    default: 'threads',
  },
  rejoin_timeout_s: {
    doc: 'Of link nats: seconds for which a run waits for a client that is gone to come back.',
    format: positive(),
    default: 300,
  },
  nats: {
    url: {
      doc: 'Address of the NATS server; empty: one is started here, with keys and clients of its own.',
      format: brokerAddress,
      default: '',
    },
    peers: {
      doc: 'File with the public keys of server and clients, the same for all of them.',
      format: file,
      default: '',
    },
    key_file: { doc: "File with the server's own keys.", format: file, default: '' },
    ca_file: {
      doc: 'Certificate of the authority that signed that of the NATS server; empty where it uses no TLS, or a public one.',
      format: file,
      default: '',
    },
  },
};
