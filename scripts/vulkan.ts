/** Which Vulkan driver the hosts get that find theirs by the system's loader: Deno and Firefox. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { hasGpuDevice } from '../src/gpu/hosts/software.js';

/**
 * Variables for a child process. VK_DRIVER_FILES and VK_ICD_FILENAMES choose a driver and are left alone; so is a machine
 * with a GPU. Without one, Mesa's lavapipe is named, for the loader would ask each driver that is installed.
 */
export function vulkanEnvironment(): Record<string, string> {
  if (process.platform !== 'linux') return {};
  // Mesa's layers complain about a missing session on every start.
  const quiet = { NODEVICE_SELECT: '1', ...(!process.env.XDG_RUNTIME_DIR && { XDG_RUNTIME_DIR: tmpdir() }) };
  const icd = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? (hasGpuDevice() ? null : lavapipe());
  // Loaders before 1.3.207 know the second name alone.
  return icd ? { ...quiet, VK_DRIVER_FILES: icd, VK_ICD_FILENAMES: icd } : quiet;
}

/** Lavapipe's ICD file for this processor, from the folders where Vulkan's loader looks, or null. */
function lavapipe(): string | null {
  const { XDG_DATA_HOME = join(homedir(), '.local/share'), XDG_DATA_DIRS = '/usr/local/share:/usr/share' } =
    process.env;
  const folders = [XDG_DATA_HOME, '/etc', '/usr/local/etc', ...XDG_DATA_DIRS.split(delimiter)];
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string] ?? process.arch;
  for (const folder of folders.map((root) => join(root, 'vulkan/icd.d'))) {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const name = [`lvp_icd.${machine}.json`, 'lvp_icd.json'].find((one) => names.includes(one));
    if (name) return join(folder, name);
  }
  return null;
}
