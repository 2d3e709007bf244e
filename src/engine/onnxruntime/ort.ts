import './no_telemetry.js';

/** The library; all of src/ has it from here. */
export { default } from 'onnxruntime-node';
