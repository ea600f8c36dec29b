/** Places where parts are put: files in the Origin Private File System, or memory where there is no such thing. */
import type { Bytes } from './records.js';

export interface Shelf {
  names(): Promise<string[]>;
  read(name: string): Promise<Bytes>;
  write(name: string, bytes: Bytes): Promise<void>;
  remove(name: string): Promise<void>;
}

export class MemoryShelf implements Shelf {
  readonly #files = new Map<string, Bytes>();

  async names(): Promise<string[]> {
    return [...this.#files.keys()];
  }

  async read(name: string): Promise<Bytes> {
    const bytes = this.#files.get(name);
    if (!bytes) throw new Error(`there is no ${name}`);
    return bytes;
  }

  async write(name: string, bytes: Bytes): Promise<void> {
    this.#files.set(name, bytes);
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(name);
  }
}

/** What TypeScript's own types of a page lack: they are those of a worker. */
interface SyncFile {
  write(bytes: Bytes, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
type WorkerFile = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncFile> };
type ListedFolder = FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };

/** A folder of files that the browser keeps for this origin. Safari writes them by this way alone, and in workers only. */
export class BrowserShelf implements Shelf {
  readonly #folder: ListedFolder;

  private constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder as ListedFolder;
  }

  /** @throws where the browser keeps nothing, as in some private windows */
  static async open(name: string): Promise<BrowserShelf> {
    const root = await navigator.storage.getDirectory();
    return new BrowserShelf(await root.getDirectoryHandle(name, { create: true }));
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    for await (const name of this.#folder.keys()) names.push(name);
    return names;
  }

  async read(name: string): Promise<Bytes> {
    const file = await (await this.#folder.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  }

  async write(name: string, bytes: Bytes): Promise<void> {
    const handle = (await this.#folder.getFileHandle(name, { create: true })) as WorkerFile;
    const file = await handle.createSyncAccessHandle();
    try {
      file.truncate(0);
      const written = file.write(bytes, { at: 0 });
      if (written !== bytes.length) throw new Error(`${written} of ${bytes.length} bytes could be written`);
      file.flush();
    } finally {
      file.close();
    }
  }

  async remove(name: string): Promise<void> {
    await this.#folder.removeEntry(name);
  }
}
