/**
 * SwiftShader, Vulkan on the CPU, from npm packages, for machines without a GPU: the driver alone
 * (`@onirenaud/swiftshader-vulkan`, any Linux), and driver and Vulkan loader together (`@sparticuz/chromium`, x64), for
 * a system that has no `libvulkan.so.1` either.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { refuse } from '../errors.js';
import { unpackedFolder } from './cacheFolder.js';

const require = createRequire(import.meta.url);

/** Whether a GPU's device node is there. Without one, asking the system's drivers only yields a software adapter. */
export function hasGpuDevice(): boolean {
  return ['/dev/dri', '/dev/nvidia0', '/dev/nvidiactl', '/dev/dxg', '/dev/kgsl-3d0'].some((path) => existsSync(path));
}

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
export function unpackedIcd(): { icd: string; loader: string } | null {
  const folder = process.arch === 'x64' ? packageFolder('@sparticuz/chromium') : null;
  const archive = folder && join(folder, '../../bin/swiftshader.tar.br');
  if (!archive || !existsSync(archive)) return null;
  const target = unpackOnce('swiftshader', [archive]);
  return { icd: join(target, 'vk_swiftshader_icd.json'), loader: join(target, 'libvulkan.so.1') };
}

/**
 * Unpacks brotli-compressed files and tars (`.br`, `.tar.br`) of an installed package into one folder of the user's cache
 * and returns it. The folder appears under its name only when complete, so that no process sees half of it.
 */
export function unpackOnce(name: string, archives: readonly string[]): string {
  const cache = unpackedFolder();
  const size = archives.reduce((sum, archive) => sum + statSync(archive).size, 0);
  const target = join(cache, `${name}-${size}`);
  if (existsSync(target)) return target;
  const partial = join(cache, `.${name}-${randomUUID()}`);
  for (const archive of archives) {
    const bytes = brotliDecompressSync(readFileSync(archive));
    const files = archive.endsWith('.tar.br') ? tarFiles(bytes) : [[basename(archive, '.br'), bytes] as const];
    for (const [path, content] of files) {
      mkdirSync(dirname(join(partial, path)), { recursive: true });
      // Down to the disk before the folder has its name: a power cut leaves none that looks complete.
      writeFileSync(join(partial, path), content, { mode: 0o755, flush: true });
    }
  }
  try {
    renameSync(partial, target);
  } catch (error) {
    // Another process was faster: its folder is as good.
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/**
 * Path and bytes of each plain file of a tar that is in memory. These archives are of pinned packages; a path that climbs is
 * refused still. Those of data sets, which come from elsewhere and in pieces, have a reader of their own, which waits.
 */
function* tarFiles(tar: Uint8Array): Generator<readonly [string, Uint8Array]> {
  const text = (start: number, length: number) =>
    Buffer.from(tar.subarray(start, start + length))
      .toString('latin1')
      .replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const path = text(at, 100);
    const size = Number.parseInt(text(at + 124, 12), 8);
    const plain = ['0', ''].includes(text(at + 156, 1));
    if (isAbsolute(path) || path.split('/').includes('..')) refuse(`init: ${path} leaves the archive`);
    if (plain) yield [path, tar.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

/**
 * Loads a Vulkan loader into this process and says whether that went well. Dawn opens `libvulkan.so.1` by name, and the
 * dynamic linker answers with a library of that name that is loaded already; so neither LD_LIBRARY_PATH nor a child
 * process is needed.
 *
 * @param path a file, or the name alone for the system's
 */
export function loadVulkan(path: string): boolean {
  const RTLD_LAZY = 0x1;
  const RTLD_GLOBAL = 0x100;
  const RTLD_NODELETE = 0x1000;
  try {
    process.dlopen({ exports: {} }, path, RTLD_LAZY | RTLD_GLOBAL | RTLD_NODELETE);
    return true;
  } catch (error) {
    // It is no Node addon, which Node finds out, and throws, once it is loaded.
    return error instanceof Error && error.message.includes('did not self-register');
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
