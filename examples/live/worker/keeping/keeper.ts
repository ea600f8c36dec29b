/**
 * Keeps the study under way: with each checkpoint what was told of its run until then. Files are new each time, and the one that
 * names them is written last: the folder always holds one moment of the study, from which it goes on.
 */
import type { Made } from '../../shared/keeping.js';
import type { Plan } from '../../shared/plan.js';
import type { News, RunId } from '../../shared/protocol.js';
import { type Files, openFolder } from './files.js';
import { type Checkpoint, MANIFEST, type Manifest, readPacked, sweep, thinned, writePacked } from './manifest.js';
import { isOf, isSame, Recording } from './told.js';

/** Where a kept run goes on, or what it ended with. */
export interface Found {
  /** Null where the run has not ended; its weights are null where it diverged. */
  readonly ended: { readonly weights: Uint8Array | null } | null;
  readonly resume: Uint8Array | null;
  readonly made: Made;
  /** Of training, until then. */
  readonly seconds: number;
}

interface Run {
  readonly recording: Recording;
  readonly told: string;
  readonly checkpoints: readonly Checkpoint[];
}

export class Keeper {
  readonly #tell: (news: News) => void;
  readonly #open: () => Promise<Files>;
  #files: Files | null = null;
  #plan: Plan | null = null;
  #pictures: News | null = null;
  #picturesFile: string | null = null;
  #runs: readonly Run[] = [];
  /** What is told of the run under way. */
  #current: Recording | null = null;
  #bytes = 0;
  #work: Promise<void> = Promise.resolve();

  /** @param open gives the folder, or says why not */
  constructor(tell: (news: News) => void, open: () => Promise<Files> = openFolder) {
    this.#tell = tell;
    this.#open = open;
  }

  /** The plan of the study that is kept. */
  get plan(): Plan | null {
    return this.#plan;
  }

  /** Reads what is kept, and tells it. */
  async open(): Promise<void> {
    const files = await this.#folder();
    const kept = await files?.list().catch(() => null);
    if (!files || !kept) return;
    const damaged: string[] = [];
    const tried = async (what: string, name: string): Promise<unknown> => {
      try {
        return await readPacked(files, name);
      } catch (error) {
        damaged.push(`${what}: ${(error as Error).message}`);
        return null;
      }
    };
    if (kept.has(MANIFEST)) {
      const manifest = (await tried('the study that was kept here', MANIFEST)) as Manifest | null;
      if (manifest) await this.#read(manifest, tried);
      const told = [...(this.#pictures ? [this.#pictures] : []), ...this.#runs.flatMap((run) => run.recording.told)];
      this.#tell({ type: 'kept', plan: this.#plan, told, damaged: damaged.join('; ') });
    }
    this.#bytes = [...kept.values()].reduce((sum, size) => sum + size, 0);
    this.#say();
  }

  async #read(
    { plan, pictures, runs }: Manifest,
    tried: (what: string, name: string) => Promise<unknown>,
  ): Promise<void> {
    this.#plan = plan;
    this.#pictures = pictures ? ((await tried('its test pictures', pictures)) as News | null) : null;
    this.#picturesFile = this.#pictures && pictures;
    const read: Run[] = [];
    for (const [i, { told, checkpoints }] of runs.entries()) {
      const news = (await tried(`its run ${i + 1}`, told)) as News[] | null;
      const recording = news && Recording.of(news);
      if (recording) read.push({ recording, told, checkpoints });
    }
    this.#runs = read;
  }

  /** A new study. What was kept stays until something of this one is written. */
  async begin(plan: Plan): Promise<void> {
    await this.#work;
    if (!this.#files) await this.#folder();
    this.#plan = plan;
    this.#runs = [];
    this.#pictures = this.#picturesFile = null;
  }

  async forget(): Promise<void> {
    this.#plan = this.#current = this.#pictures = this.#picturesFile = null;
    this.#runs = [];
    await this.#enqueue(async (files) => {
      this.#bytes = await sweep(files, null);
    });
  }

  /** What is kept of a run; null where it has to begin. */
  async find(id: RunId): Promise<Found | null> {
    await this.#work;
    const [run, files] = [this.#runs.find(({ recording }) => isSame(recording.id, id)), this.#files];
    if (!run || !files) return null;
    const { recording, checkpoints } = run;
    const { end, made, seconds } = recording;
    if (end) return { ended: { weights: end.type === 'end' ? end.weights : null }, resume: null, made, seconds };
    for (const checkpoint of checkpoints.toReversed()) {
      try {
        const resume = (await readPacked(files, checkpoint.file)) as Uint8Array;
        const until = Recording.of(recording.told, checkpoint) ?? recording;
        return { ended: null, resume, made: until.made, seconds: until.seconds };
      } catch (error) {
        this.#say(`the checkpoint at step ${checkpoint.steps} cannot be read: ${(error as Error).message}`);
      }
    }
    return null;
  }

  /** Everything that is told of the study passes by here. */
  hear(news: News): void {
    if (news.type === 'pictures') this.#pictures = news;
    if (news.type === 'begin') {
      const kept = this.#runs.find(({ recording }) => isSame(recording.id, news));
      const before = news.made && kept && Recording.of(kept.recording.told, news.made);
      this.#current = before || new Recording(news);
    } else this.#current?.hear(news);
    // A checkpoint at the end of an epoch is older than what is found there.
    if (isOf('evaluated')(news)) void this.save(null);
    if (isOf('end')(news) || isOf('diverged')(news)) {
      const recording = this.#current;
      this.#current = null;
      if (recording) void this.#enqueue((files) => this.#keep(files, recording, null));
    }
  }

  /** Keeps what was told of the run under way, and a checkpoint that is of now. */
  save(checkpoint: Uint8Array | null): Promise<void> {
    const recording = this.#current && Recording.of(this.#current.told);
    if (!recording) return Promise.resolve();
    return this.#enqueue((files) => this.#keep(files, recording, checkpoint));
  }

  async #keep(files: Files, recording: Recording, checkpoint: Uint8Array | null): Promise<void> {
    const place = this.#runs.findIndex((one) => isSame(one.recording.id, recording.id));
    const { made } = recording;
    const before = (this.#runs[place]?.checkpoints ?? []).filter(({ steps }) => steps <= made.steps);
    if (this.#pictures) this.#picturesFile ??= await put(files, 'pictures', this.#pictures);
    const told = await put(files, 'told', recording.told);
    const added = checkpoint ? [{ ...made, file: await put(files, 'checkpoint', checkpoint) }] : [];
    const checkpoints = thinned([...before, ...added], recording.begin.stepsPerEpoch);
    const run = { recording, told, checkpoints };
    this.#runs = place < 0 ? [...this.#runs, run] : this.#runs.with(place, run);
    if (!this.#plan) return;
    const runs = this.#runs.map(({ told, checkpoints }) => ({ told, checkpoints }));
    const manifest: Manifest = { plan: this.#plan, pictures: this.#picturesFile, runs };
    await writePacked(files, MANIFEST, manifest);
    this.#bytes = await sweep(files, manifest);
  }

  /** One thing after the other. What cannot be written ends the keeping of this study, not its training. */
  #enqueue(task: (files: Files) => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      if (!this.#files) return;
      try {
        await task(this.#files);
        this.#say();
      } catch (error) {
        this.#files = null;
        this.#say(error instanceof Error ? error.message : String(error));
      }
    });
    return this.#work;
  }

  async #folder(): Promise<Files | null> {
    try {
      this.#files = await this.#open();
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
    }
    return this.#files;
  }

  #say(trouble = ''): void {
    this.#tell({ type: 'keeping', bytes: this.#bytes, isKept: this.#files !== null, trouble });
  }
}

/** Writes a new file. @returns its name */
async function put(files: Files, kind: string, value: unknown): Promise<string> {
  const name = `${kind}-${crypto.randomUUID().slice(0, 8)}`;
  await writePacked(files, name, value);
  return name;
}
