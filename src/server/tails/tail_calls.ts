import type { Tally } from '../../core/tally.js';
import type { EngineName } from '../../engine/registry.js';
import type { SegmentSpec, SegmentState } from '../../engine/engine.js';
import type { ActivationsMessage, BackGradientsMessage, Position, TensorFrame } from '../../link/messages.js';

/** What a thread of the server is told at its start. */
export interface TailThreadSetup {
  readonly engine: EngineName;
  readonly spec: SegmentSpec;
}

/** A message of a client for its tail. */
export interface TailRequest<Message> {
  readonly message: Message;
  readonly due: Position;
  readonly client: number;
}

/** What a thread of the server does with one client's tail; as `Tail`, in messages. */
export interface TailCalls {
  create(request: { readonly state: SegmentState }): Promise<void>;
  lossGradient(
    request: TailRequest<ActivationsMessage>,
  ): Promise<{ readonly tally: Tally; readonly dz: TensorFrame }>;
  update(request: object): Promise<void>;
  forward(request: TailRequest<ActivationsMessage>): Promise<TensorFrame>;
  backward(request: TailRequest<BackGradientsMessage>): Promise<TensorFrame>;
  takeSpentMs(request: object): Promise<number>;
  exportState(request: object): Promise<SegmentState>;
  drop(request: object): Promise<void>;
}
