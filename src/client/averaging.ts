import type { SegmentState } from '../engine/engine.js';
import { addToSum, meanOf, sumLengths } from '../engine/mean_state.js';
import type { AverageReceipt, AverageRequest } from '../link/messages.js';
import { packSum, receiptOf, unpackSum } from '../link/parcels.js';
import type { Mail } from './client.js';
import type { Head } from './head.js';

/**
 * One client's part in the mean of heads: sum w_c head_c / sum w_c, in float64, added in the order in which the sum travels.
 * The server sees none of it. Gives the mean where this client is the last.
 */
export async function averageWithOthers(
  client: number,
  head: Head,
  request: AverageRequest,
  exchange: Mail,
): Promise<{ readonly receipt: AverageReceipt; readonly mean: readonly SegmentState[] | undefined }> {
  const { from, to, weight, totalWeight, optimizers } = request;
  const own = head.exportStates();
  const parcel = from === null ? undefined : await exchange.receive(client);
  const taken = parcel ? receiptOf(parcel) : null;
  const before =
    parcel && from !== null
      ? unpackSum(parcel, { ...request, from, to: client }, sumLengths(own, optimizers))
      : undefined;
  const sum = addToSum(before, own, weight, optimizers);
  if (to === null) return { receipt: { taken, sent: null }, mean: meanOf(sum, totalWeight, own, optimizers) };
  const next = packSum({ ...request, from: client, to }, sum);
  const sent = receiptOf(next);
  exchange.send(next);
  return { receipt: { taken, sent }, mean: undefined };
}
