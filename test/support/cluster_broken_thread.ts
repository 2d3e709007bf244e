/** A thread that never comes up. */
export function hostClients(): Promise<void> {
  return Promise.reject(new RangeError('no memory for this thread'));
}
