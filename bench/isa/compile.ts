/**
 * What a real GPU's compiler makes of WGSL, without a GPU: Dawn makes SPIR-V of it, and Mesa's RADV compiles that for one of
 * AMD's families. It needs gcc and two Debian packages.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Compiled } from './child.js';

const NEEDED = 'apt-get install gcc mesa-vulkan-drivers libvulkan-dev';
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** RADV's file for Vulkan's loader. */
function driver(): string {
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string] ?? process.arch;
  const names = [`radeon_icd.${machine}.json`, 'radeon_icd.json'].map((name) => join('/usr/share/vulkan/icd.d', name));
  const found = names.find((name) => existsSync(name));
  if (!found) throw new Error(`no ${names[0]}: the compiler is that of Mesa's Vulkan driver for AMD: ${NEEDED}`);
  return found;
}

/** Compiles the layer into a folder, with the file that names it to Vulkan's loader. Returns its name. */
function buildLayer(folder: string): string {
  const name = 'VK_LAYER_KINDLING_isa';
  const built = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', join(folder, 'layer.so'), here('layer.c')], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`layer.c: ${built.error?.message ?? built.stderr}\nIt needs: ${NEEDED}`);
  const layer = {
    name,
    type: 'GLOBAL',
    library_path: './layer.so',
    api_version: '1.3.0',
    implementation_version: '1',
    description: 'reports on pipelines, drops commands',
  };
  writeFileSync(join(folder, 'layer.json'), JSON.stringify({ file_format_version: '1.1.2', layer }));
  return name;
}

/**
 * Compiles shaders, each with an entry point of its own.
 *
 * @param family as Mesa calls it: navi21 (RDNA 2), gfx1100 (RDNA 3), vega10, …
 * @param onDone called after each
 * @returns the driver and its version, and its report or an error for each shader, in order
 * @throws Error where the compiler or a package is missing, or the driver does not know the family
 */
export async function compile(
  family: string,
  shaders: readonly string[],
  onDone: () => void,
): Promise<{ compiler: string; results: Compiled[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'kindling-isa-'));
  try {
    const icd = driver();
    const layer = buildLayer(folder);
    writeFileSync(join(folder, 'shaders.json'), JSON.stringify(shaders));
    const child = spawn(process.execPath, ['--import', 'tsx', here('child.ts'), join(folder, 'shaders.json')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ISA_REPORT: join(folder, 'report'),
        VK_DRIVER_FILES: icd,
        VK_ICD_FILENAMES: icd,
        VK_LAYER_PATH: folder,
        VK_INSTANCE_LAYERS: layer,
        RADV_FORCE_FAMILY: family,
        MESA_SHADER_CACHE_DISABLE: 'true',
        // Mesa's own layers ask for a session.
        NODEVICE_SELECT: '1',
        XDG_RUNTIME_DIR: folder,
      },
    });
    let complaints = '';
    child.stderr.on('data', (text: Buffer) => {
      complaints += text.toString();
    });
    let compiler: string | undefined;
    const results: Compiled[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (compiler === undefined) compiler = JSON.parse(line) as string;
      else {
        results.push(JSON.parse(line) as Compiled);
        onDone();
      }
    }
    if (compiler === undefined || results.length < shaders.length) {
      const done = `${results.length} of ${shaders.length} shaders were compiled`;
      throw new Error(`${family}: ${done}. ${complaints.slice(-2000)}`);
    }
    return { compiler, results };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
