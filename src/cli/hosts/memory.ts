import { setFlagsFromString } from 'node:v8';
import { freeBuffers } from '../../core/free.js';

/** Just below `DEFAULT_MMAP_THRESHOLD_MAX` of mallopt(3): the release of a larger block changes nothing. */
const LARGE_BLOCK_BYTES = (32 << 20) - (1 << 16);

/** For a process through which frames of some 100 kB go all the time, each in new memory: lets memory come and go with less work. */
export function tuneForFrames(): void {
  collectAtOnce();
  keepFreedMemory();
}

/**
 * V8 collects garbage at once instead of in steps, in all threads of this process. Nearly all memory here is buffers outside a heap of
 * 10 MB. V8 begins to mark that heap, in some hundred steps, whenever buffers of some MB have come: with frames of 800 kB on a NATS
 * connection that was every third batch, and half of the time.
 */
function collectAtOnce(): void {
  setFlagsFromString('--no-incremental-marking');
}

/**
 * glibc gives a freed block of this size back to the system, and from then on keeps smaller ones, up to twice this size in all (mallopt(3), "dynamic
 * mmap threshold"). Before, up to 190 pages a batch of 800 kB came new from the system and were cleared by it: 0.4 ms on each side.
 * The block itself is never touched, so that it takes no memory. Elsewhere than on glibc it does nothing.
 */
function keepFreedMemory(): void {
  freeBuffers([new ArrayBuffer(LARGE_BLOCK_BYTES)]);
}
