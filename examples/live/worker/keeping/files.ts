/** The folder of the Origin Private File System where a study is kept. One page of the origin has it at a time. */
import { readFileIfThere, writeFileAtomic } from 'kindling/io';

export interface Files {
  /** Null where there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** The file has its new content whole or its old one. */
  write(name: string, content: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Bytes of each, by name. */
  list(): Promise<Map<string, number>>;
  remove(name: string): Promise<void>;
}

const FOLDER = 'kindling-live';
/** A page that has just been left lets go of the folder within moments. */
const PATIENCE_MS = 2000;

let held: Promise<void> | null = null;

/** @throws Error saying why this page cannot keep anything */
export async function openFolder(): Promise<Files> {
  held ??= hold().catch((error: unknown) => {
    held = null;
    throw error;
  });
  await held;
  const folder = await folderOf();
  return {
    read: (name) => readFileIfThere(`${FOLDER}/${name}`),
    write: (name, content) => writeFileAtomic(`${FOLDER}/${name}`, content),
    async list() {
      const found = new Map<string, number>();
      for await (const handle of folder.values()) {
        if (handle.kind === 'file') found.set(handle.name, (await (handle as FileSystemFileHandle).getFile()).size);
      }
      return found;
    },
    remove: (name) => folder.removeEntry(name),
  };
}

async function folderOf(): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch (error) {
    throw new Error(`this browser gives the page no files (${error instanceof Error ? error.message : error})`);
  }
}

/** Takes the folder until the worker ends. */
async function hold(): Promise<void> {
  if (!navigator.locks) return;
  await new Promise<void>((taken, refused) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const forever = (): Promise<never> => {
      taken();
      return new Promise(() => {});
    };
    navigator.locks.request(FOLDER, { signal }, forever).catch(refused);
  }).catch(() => {
    throw new Error('another tab of this page keeps its study');
  });
}
