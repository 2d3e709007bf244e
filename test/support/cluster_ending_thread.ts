/** A thread that takes itself to be done at once. */
export function hostClients(): Promise<void> {
  return Promise.resolve();
}
