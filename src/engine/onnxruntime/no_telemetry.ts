/**
 * onnxruntime's library (1.30) writes down which process made which graph, and has an address to send it to, unless this is set when it is loaded. That
 * must happen in the main thread: the environment of a worker thread is a copy, which the library does not see.
 */
// eslint-disable-next-line no-restricted-properties -- it is set, not read
process.env.ORT_DISABLE_TELEMETRY = '1';
