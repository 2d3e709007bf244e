import protobuf from 'protobufjs';

const field = (id: number, type: string) => ({ id, type });
const repeated = (id: number, type: string) => ({ id, type, rule: 'repeated' });

/** The messages of TensorBoard's event.proto, summary.proto and tensor.proto that are written here, by field number. */
const root = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: field(1, 'double'),
        step: field(2, 'int64'),
        fileVersion: field(3, 'string'),
        summary: field(5, 'Summary'),
      },
    },
    Summary: { fields: { value: repeated(1, 'Value') } },
    Value: {
      // Of them one is always written, a zero too.
      oneofs: { value: { oneof: ['simpleValue', 'image', 'tensor'] } },
      fields: {
        tag: field(1, 'string'),
        simpleValue: field(2, 'float'),
        image: field(4, 'Image'),
        tensor: field(8, 'Tensor'),
        metadata: field(9, 'SummaryMetadata'),
      },
    },
    Image: {
      fields: {
        height: field(1, 'int32'),
        width: field(2, 'int32'),
        encodedImageString: field(4, 'bytes'),
      },
    },
    SummaryMetadata: { fields: { pluginData: field(1, 'PluginData') } },
    PluginData: { fields: { pluginName: field(1, 'string') } },
    Tensor: {
      fields: {
        dtype: field(1, 'int32'),
        tensorShape: field(2, 'TensorShape'),
        stringVal: repeated(8, 'bytes'),
      },
    },
    TensorShape: { fields: {} },
  },
});

const event = root.lookupType('Event');

/** One value of a summary: a tag and what is shown under it. */
export interface SummaryValue {
  readonly tag: string;
  readonly simpleValue?: number;
  readonly image?: {
    readonly height: number;
    readonly width: number;
    readonly encodedImageString: Uint8Array;
  };
  readonly tensor?: {
    readonly dtype: number;
    readonly tensorShape: Readonly<Record<string, never>>;
    readonly stringVal: readonly Uint8Array[];
  };
  readonly metadata?: { readonly pluginData: { readonly pluginName: string } };
}

/** The first record of every file. */
export function encodeFileVersion(wallTime: number): Uint8Array {
  return event.encode({ wallTime, fileVersion: 'brain.Event:2' }).finish();
}

/** Values of one step; `wallTime` is in seconds since 1970. */
export function encodeSummary(wallTime: number, step: number, value: readonly SummaryValue[]): Uint8Array {
  return event.encode({ wallTime, step, summary: { value } }).finish();
}
