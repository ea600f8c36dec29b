/** Finds and starts a browser with WebGPU: a Chromium, installed or from `@sparticuz/chromium`, or an installed Firefox. */
import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer';
import { unpackOnce } from '../src/gpu/hosts/software.js';
import { vulkanEnvironment } from './vulkan.js';
import { endWithProcess } from './watchdog.js';

export { unpackedIcd } from '../src/gpu/hosts/software.js';

export type BrowserName = 'chromium' | 'firefox';

export interface LaunchedBrowser {
  browser: Browser;
  /** Name, version and where the program lies: a line of output. */
  description: string;
}

/**
 * Starts a browser headless (Chromium's new mode, which is the full browser). PUPPETEER_EXECUTABLE_PATH chooses Chromium's
 * program, FIREFOX_PATH Firefox's; KINDLING_BROWSER=bundled takes the bundled Chromium even where another is installed.
 *
 * @param options.signals whether SIGINT, SIGTERM and SIGHUP end the browser and this process. Default: true. `process.exit`
 *   ends the browser in either case.
 * @param options.profile a folder for Chromium's profile, which stays. Default: one that goes with the browser
 */
export async function launchBrowser({
  name = 'chromium' as BrowserName,
  signals = true,
  profile = undefined as string | undefined,
} = {}): Promise<LaunchedBrowser> {
  const common = {
    headless: true,
    // A training run is one long call into the page.
    protocolTimeout: 0,
    handleSIGINT: signals,
    handleSIGTERM: signals,
    handleSIGHUP: signals,
  };
  if (name === 'firefox') {
    const executablePath = installedFirefox();
    if (!executablePath) throw new Error('no Firefox is installed: install one, or name its program in FIREFOX_PATH');
    const env = { ...process.env, ...vulkanEnvironment() };
    const browser = await puppeteer.launch({ ...common, browser: name, executablePath, env, extraPrefsFirefox: PREFS });
    tie(browser);
    return { browser, description: `${await browser.version()} (${executablePath})` };
  }
  const { executablePath, env, where } = chromium();
  // Profile, sockets and shared memory in one folder, which goes with this process.
  const folder = mkdtempSync(join(tmpdir(), 'kindling-chromium-'));
  endWithProcess({ folder });
  const browser = await puppeteer.launch({
    ...common,
    executablePath,
    env: { ...process.env, ...env, TMPDIR: folder },
    args: flags(),
    userDataDir: profile ?? join(folder, 'profile'),
    // Chromium ends where the pipe does.
    pipe: true,
  });
  tie(browser);
  browser.once('disconnected', () => rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {}));
  return { browser, description: `${await browser.version()} (${where})` };
}

/** Lets a browser end with this process. */
function tie(browser: Browser): void {
  const pid = browser.process()?.pid;
  if (pid !== undefined && process.platform !== 'win32') endWithProcess({ group: pid });
}

/** Whether there is a Chromium to start. */
export function hasChromium(): boolean {
  try {
    return existsSync(chromium().executablePath);
  } catch {
    return false;
  }
}

/** The program of Chromium and what it needs in its environment. */
function chromium(): { executablePath: string; env: Record<string, string>; where: string } {
  const installed = process.env.KINDLING_BROWSER === 'bundled' ? null : installedBrowser();
  if (installed) return { executablePath: installed, env: {}, where: installed };
  return { ...bundledBrowser(), where: 'bundled, from @sparticuz/chromium' };
}

/** WebGPU on Linux, and on a software adapter. */
const PREFS = { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true };

function flags(): string[] {
  return [
    // Gives the software adapter where there is no GPU, and exact timestamps.
    '--enable-unsafe-webgpu',
    '--enable-features=Vulkan,SharedArrayBuffer',
    '--ignore-gpu-blocklist',
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-dev-shm-usage',
    // Long dispatches of a software adapter are work, not a hang.
    '--disable-gpu-watchdog',
    // Nothing here may go to the network or slow a page that is not in front.
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-domain-reliability',
    '--disable-sync',
    '--no-first-run',
    '--no-pings',
    '--disable-background-timer-throttling',
    '--disable-backgrounding-occluded-windows',
    '--disable-renderer-backgrounding',
  ];
}

/** The program of an installed Chrome or Chromium, or null. */
function installedBrowser(): string | null {
  const chosen = process.env.PUPPETEER_EXECUTABLE_PATH ?? process.env.CHROME_PATH;
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`PUPPETEER_EXECUTABLE_PATH names ${chosen}, which does not exist`);
    return chosen;
  }
  const paths = inPath('google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge');
  const macos = ['Google Chrome', 'Chromium', 'Microsoft Edge'].flatMap((name) =>
    ['/Applications', join(homedir(), 'Applications')].map((root) => `${root}/${name}.app/Contents/MacOS/${name}`),
  );
  const windows = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA].flatMap(
    (root) =>
      root
        ? [join(root, 'Google/Chrome/Application/chrome.exe'), join(root, 'Microsoft/Edge/Application/msedge.exe')]
        : [],
  );
  const platform = { darwin: macos, win32: windows }[process.platform as string] ?? paths;
  return platform.find((path) => existsSync(path)) ?? null;
}

/** The program of an installed Firefox, or null. */
export function installedFirefox(): string | null {
  const chosen = process.env.FIREFOX_PATH;
  const paths =
    process.platform === 'darwin'
      ? ['', homedir()].map((root) => `${root}/Applications/Firefox.app/Contents/MacOS/firefox`)
      : process.platform === 'win32'
        ? [join(process.env.PROGRAMFILES ?? '', 'Mozilla Firefox/firefox.exe')]
        : inPath('firefox', 'firefox-esr');
  return (chosen === undefined ? paths : [chosen]).find((path) => existsSync(path)) ?? null;
}

const inPath = (...names: string[]): string[] =>
  (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));

/** Unpacks the bundled Chromium, once, with the shared libraries that a bare system lacks. */
function bundledBrowser(): { executablePath: string; env: Record<string, string> } {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('no Chrome or Chromium is installed, and the bundled one runs on Linux x64 only: install one');
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  } catch {
    throw new Error('no Chrome or Chromium is installed: install one, or `npm install @sparticuz/chromium`');
  }
  // Chromium looks for its Vulkan loader and SwiftShader beside its own program: one folder for all of it.
  const archives = ['chromium.br', 'swiftshader.tar.br', 'al2023.tar.br', 'fonts.tar.br'];
  const folder = unpackOnce(
    'chromium',
    archives.map((name) => join(dirname(entry), '../../bin', name)),
  );
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      LD_LIBRARY_PATH: [join(folder, 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
      FONTCONFIG_PATH: folder,
    },
  };
}
