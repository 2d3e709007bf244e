import { ConfigError } from '../../core/errors.js';

/** Where runs are sent to. */
export interface Destination {
  readonly baseUrl: string;
  readonly project: string;
  /** Empty for the key's own. */
  readonly entity: string;
}

/** A destination that W&B takes, its address without a slash at the end. Throws ConfigError, which repeats no password. */
export function checkDestination<T extends Destination>(destination: T): T {
  const { project } = destination;
  if (!/^[^/\\#?%:]{1,128}$/.test(project))
    throw new ConfigError(
      'ERR_WANDB_PROJECT',
      `\`wandb.project\` is "${project}", but Weights & Biases takes names of 1 to 128 characters other than / \\ # ? % and :. ` +
        'Choose another one.',
    );
  return { ...destination, baseUrl: serverAddress(destination.baseUrl) };
}

function serverAddress(baseUrl: string): string {
  const refuse = (why: string) =>
    new ConfigError(
      'ERR_WANDB_BASE_URL',
      `\`wandb.base_url\` ${why}. Give an address such as https://api.wandb.ai.`,
    );
  if (!URL.canParse(baseUrl)) throw refuse('is not an address');
  const { protocol, username, password, search, hash, href } = new URL(baseUrl);
  if (username !== '' || password !== '')
    throw refuse(
      'has a user name or password in it, which would be written to files; the key comes from WANDB_API_KEY',
    );
  if (protocol !== 'https:' && protocol !== 'http:') throw refuse('starts with neither https:// nor http://');
  if (search !== '' || hash !== '') throw refuse('has a query (?) or fragment (#)');
  return href.replace(/\/+$/, '');
}
