/** What a run says of itself: a logger with sinks for people, tables, TensorBoard and pages, and how sound its numbers are. */
export { type ConsoleOptions, consoleSink } from './console.js';
export { type LogFile, MemoryFile } from './file.js';
export { type Figures, type Health, health, type ParameterHealth } from './health.js';
export { csvSink, jsonlSink } from './lines.js';
export { type HostImage, type ImageOptions, Logger, type LoggerOptions } from './logger.js';
export type { DataFormat } from './picture.js';
export type { Histogram, Hparams, LogRecord, LogSink, Picture } from './records.js';
export { tensorBoardSink } from './tensorBoard.js';
export { type LogToOptions, logTo } from './train.js';
