/**
 * The folder a study leaves: `results.json` and, while it is unfinished, what it needs to go on. Files are replaced whole
 * or not at all, so that a run killed at any moment loses at most the steps since its last checkpoint.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readFileIfThere, writeFileAtomic } from 'kindling/io';
import { readJson } from '../shared/files.js';
import { takeFolder, takeNew } from '../shared/folder.js';
import { isName, isResults, isResume, type ResumeState } from './form.js';
import type { CommandLine } from './options.js';
import type { StudyResults } from './results.js';

/** A study that was begun; without `results` it was killed before they were written the first time. */
export interface Opened {
  readonly store: Store;
  readonly results: StudyResults | null;
  readonly resume: ResumeState;
}

const RESUME = 'state/resume.json';
/** What a folder of shards has in its place. */
export const GRID = 'study.json';
const RESULTS = 'results.json';

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

export class Store {
  readonly folder: string;
  /** Lets the folder stay when the process ends. */
  readonly keep: () => void;

  private constructor(folder: string, keep = (): void => {}) {
    this.folder = folder;
    this.keep = keep;
  }

  /** A new study in an empty or absent folder, which is gone with the process until it is kept. */
  static async create(options: CommandLine): Promise<Store> {
    const first = [RESUME, toJson({ options })] as const;
    const { folder, keep } = await takeNew({ out: options.out, name: 'cifar', first });
    return new Store(folder, keep);
  }

  /** @throws Error where `folder` holds no study to go on with, another process is at it, or its files are damaged */
  static async open(folder: string): Promise<Opened> {
    const [resumePath, resultsPath] = [join(folder, RESUME), join(folder, RESULTS)];
    if (existsSync(join(folder, GRID)))
      throw new Error(`${folder} holds runs of shards: the --shard command that made it goes on with them`);
    if (!existsSync(resumePath)) throw new Error(`${folder} holds no study to resume: there is no ${RESUME} in it`);
    await takeFolder(folder);
    const resume = (await readJson(resumePath)) as unknown as ResumeState;
    if (!isResume(resume)) throw damaged(resumePath);
    if (!existsSync(resultsPath)) return { store: new Store(folder), results: null, resume };
    const results = (await readJson(resultsPath)) as unknown as StudyResults;
    if (!isResults(results) || !resume.plan) throw damaged(resultsPath);
    const planned = { ...resume.plan, scenarios: resume.plan.scenarios.map(({ name }) => name) };
    for (const [name, value] of Object.entries(planned)) {
      const [here, there] = [results.settings[name], value].map((one) => JSON.stringify(one));
      if (here !== there) throw new Error(`${resultsPath} has ${name} ${here}, ${resumePath} ${there}: of two studies`);
    }
    return { store: new Store(folder), results, resume };
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true });
    await writeFileAtomic(this.path(name), content);
  }

  saveResults(results: StudyResults): Promise<void> {
    return this.write(RESULTS, toJson(results));
  }

  saveResume(resume: ResumeState): Promise<void> {
    return this.write(RESUME, toJson(resume));
  }

  /** Bytes of a file, or null where there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return readFileIfThere(this.path(name));
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { force: true });
  }
}

const damaged = (path: string): Error =>
  new Error(`${path} is damaged: it does not have the form of a study's. Put back a whole copy of it, or begin anew`);

const fileOf =
  (folder: string, ending: string) =>
  (scenario: string, seed: number): string => {
    if (!isName(scenario) || !Number.isSafeInteger(seed)) throw new Error(`no run is called ${scenario}, seed ${seed}`);
    return `${folder}/${scenario}-seed${seed}.${ending}`;
  };

/** Files of one run. */
export const weightsFile = fileOf('weights', 'safetensors');
export const checkpointFile = fileOf('state', 'checkpoint');
export const predictionsFile = fileOf('state', 'predictions');
