/**
 * SwiftShader, Vulkan on the CPU, from npm packages, for machines without a GPU: the driver alone
 * (`@onirenaud/swiftshader-vulkan`, any Linux), and driver and Vulkan loader together (`@sparticuz/chromium`, x64), for
 * a system that has no `libvulkan.so.1` either.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const require = createRequire(import.meta.url);

/** Folder of an npm package's entry point, or null where it is not installed. */
function packageFolder(entry: string): string | null {
  try {
    return dirname(require.resolve(entry));
  } catch {
    return null;
  }
}

/** The ICD file of the installed SwiftShader package, or null. */
export function installedIcd(): string | null {
  const folder = packageFolder('@onirenaud/swiftshader-vulkan/package.json');
  const icd = folder && join(folder, `${process.platform}-${process.arch}`, 'vk_swiftshader_icd.json');
  return icd && existsSync(icd) ? icd : null;
}

/** Unpacks driver and loader out of `@sparticuz/chromium` into the cache, once; null where it is not installed. */
export async function unpackedIcd(): Promise<{ icd: string; loader: string } | null> {
  const folder = process.arch === 'x64' ? packageFolder('@sparticuz/chromium') : null;
  const archive = folder && join(folder, '..', '..', 'bin', 'swiftshader.tar.br');
  if (!archive || !existsSync(archive)) return null;
  const target = unpackOnce(archive, 'swiftshader');
  return { icd: join(target, 'vk_swiftshader_icd.json'), loader: join(target, 'libvulkan.so.1') };
}

/**
 * Unpacks a brotli-compressed tar of plain files into the user's cache and returns the folder. The folder appears under
 * its name only when complete, so that processes starting together do not see half of it.
 */
function unpackOnce(archive: string, name: string): string {
  const packed = readFileSync(archive);
  const cache = cacheFolder();
  const target = join(cache, `${name}-${packed.length}`);
  if (existsSync(target)) return target;
  const partial = join(cache, `.${name}-${randomUUID()}`);
  mkdirSync(partial);
  for (const [path, bytes] of tarFiles(brotliDecompressSync(packed))) writeFileSync(join(partial, path), bytes);
  try {
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

function cacheFolder(): string {
  const folders = [
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kindling'),
    join(tmpdir(), 'kindling'),
  ];
  for (const folder of folders) {
    try {
      mkdirSync(folder, { recursive: true });
      return folder;
    } catch {
      // A read-only home: try the next.
    }
  }
  return tmpdir();
}

/** The plain files of a flat tar: name and bytes. The archives are those of a pinned package, so no link or folder occurs. */
function* tarFiles(tar: Uint8Array): Generator<[string, Uint8Array]> {
  const text = (start: number, length: number) =>
    Buffer.from(tar.subarray(start, start + length))
      .toString('latin1')
      .replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const name = text(at, 100);
    if (text(at + 156, 1) === '0' && !name.includes('/')) yield [name, tar.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

/**
 * Loads a Vulkan loader into this process. Dawn opens `libvulkan.so.1` by name, and the dynamic linker answers with a
 * library of that name that is loaded already; so neither LD_LIBRARY_PATH nor a child process is needed.
 */
export function preloadLoader(path: string): void {
  const RTLD_LAZY = 0x1;
  const RTLD_GLOBAL = 0x100;
  const RTLD_NODELETE = 0x1000;
  try {
    process.dlopen({ exports: {} }, path, RTLD_LAZY | RTLD_GLOBAL | RTLD_NODELETE);
  } catch {
    // Always: it is no Node addon ("Module did not self-register"), but it is loaded by then.
  }
}

/** Runs `fn` with variables set; afterwards they are as before, so that child processes (browsers) do not inherit them. */
export async function withEnvironment<T>(variables: Record<string, string>, fn: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await fn();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
