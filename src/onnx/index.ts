/** Models as ONNX files, for the runtimes that read them. */
export { type ExportOptions, exportOnnx } from './export.js';
