/** What the data sets want of a host's files: paths in Node, URLs in a browser. `#files` is the one that fits the host. */

/**
 * Reports on something long, in bytes. `total` is null where it is not known. In the stage `wait`, which has no bytes, another
 * process is downloading or unpacking the same.
 */
export type OnProgress = (progress: {
  stage: 'wait' | 'download' | 'unpack';
  done: number;
  total: number | null;
}) => void;

export interface Files {
  /** Where data sets are kept between runs; null where the host has no such place. */
  readonly cache: string | null;
  join(folder: string, name: string): string;
  /** Bytes of a file; null where there is none. */
  size(path: string): Promise<number | null>;
  /** The first `bytes` bytes of a file, or fewer where it ends; all of it by default. */
  read(path: string, bytes?: number): Promise<Uint8Array>;
  /** The unpacked content of a gzip file, piece by piece. */
  gunzip(path: string): AsyncIterable<Uint8Array>;
  /** Downloads, resuming what an earlier attempt left, verifies, and only then gives the file its name. */
  download(options: DownloadOptions): Promise<void>;
  /** Whether a file has this MD5 sum. */
  hasMd5(path: string, md5: string): Promise<boolean>;
  /** Renames a file so that its name is free, and returns the new name. */
  setAside(path: string): Promise<string>;
  /** Writes a folder in one piece: it gets its name when every file is in it, or not at all. Nobody else may be at it. */
  writeFolder(path: string, content: AsyncIterable<readonly [name: string, bytes: Uint8Array]>): Promise<void>;
}

export interface DownloadOptions {
  url: string;
  path: string;
  md5: string;
  /** What the user can do where the network fails. */
  remedy: string;
  onProgress?: OnProgress | undefined;
  /** Milliseconds before the second attempt; doubled for each further one. Default 1,000. */
  retryDelay?: number | undefined;
}
