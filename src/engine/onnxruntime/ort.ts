import './no_telemetry.js';

/** The only way in which the library is loaded. */
export { default } from 'onnxruntime-node';
