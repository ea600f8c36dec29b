/** Real CIFAR-10: how it comes here, how far it has come, and how it goes away again. Loaded once it is chosen. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { PUBLIC, PUBLIC_BYTES, type Standing } from '../../shared/cifar10.js';
import { base, bringing, cancel, fetchPictures, removePictures, standing, takeFiles, why } from '../state/cifar10.js';
import { droppedFiles } from '../state/dropped.js';
import { about, megabytes, thousands } from '../text/numbers.js';

export function Cifar10() {
  const here = standing.value;
  const over = useSignal(false);
  if (!here) return null;
  const { train, test } = here.have;
  const whole = train.count === train.total && test.count === test.total;
  const busy = bringing.value !== null;
  return (
    <section
      class={over.value ? 'card real over' : 'card real'}
      aria-labelledby="real"
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => {
        over.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        if (busy || whole || !event.dataTransfer) return;
        void droppedFiles(event.dataTransfer).then(takeFiles);
      }}
    >
      <h2 id="real">Real CIFAR-10</h2>
      {busy ? <Bringing /> : whole ? <Whole here={here} /> : <Ways here={here} />}
      {why.value !== '' && !busy && (
        <p class="trouble" role="alert">
          {why.value}
        </p>
      )}
    </section>
  );
}

const size = base === PUBLIC ? megabytes(PUBLIC_BYTES) : 'two files';

function Ways({ here }: { here: Standing }) {
  const begun = here.bytes > 0;
  const { hostname } = new URL(base);
  return (
    <>
      <p class="note">
        60,000 photographs of 32 by 32 pixels in ten classes. Nothing has been asked for yet: the button fetches {size}{' '}
        from {hostname}. They take 184 MB in this browser, which keeps them until you delete them.
        {begun && ` ${thousands(here.have.train.count + here.have.test.count)} of them are here.`}
      </p>
      <div class="buttons">
        <button type="button" class="primary" onClick={fetchPictures}>
          {begun ? 'Go on fetching' : base === PUBLIC ? `Fetch ${megabytes(PUBLIC_BYTES)}` : 'Fetch'}
        </button>
        <Picker label="Choose files" />
        <Picker label="Choose a folder" folder />
        {begun && <Delete />}
      </div>
      <p class="note">
        Or drop what you have here: cifar-10-binary.tar.gz, the folder of its .bin files, or the parquet files.
      </p>
    </>
  );
}

/** A button and the field of files behind it, which browsers give looks of their own. */
function Picker({ label, folder = false }: { label: string; folder?: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => field.current?.click()}>
        {label}
      </button>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        aria-label={label}
        {...(folder && { webkitdirectory: true })}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])];
          if (files.length > 0) takeFiles(files);
          currentTarget.value = '';
        }}
      />
    </>
  );
}

function Bringing() {
  const { bytes, allBytes, pictures, allPictures, left, hitch } = bringing.value ?? {};
  return (
    <>
      <progress value={allBytes ? (bytes ?? 0) / allBytes : 0} max={1} aria-label="CIFAR-10" />
      <p class="note come">
        {allBytes ? `${megabytes(bytes ?? 0)} of ${megabytes(allBytes)}` : 'Beginning…'}
        {pictures ? ` · ${thousands(pictures)}${allPictures ? ` of ${thousands(allPictures)}` : ''} pictures` : ''}
        {left && bytes !== allBytes ? ` · about ${about(left)} left` : ''}
      </p>
      {hitch && <p class="note">{hitch}</p>}
      <div class="buttons">
        <button type="button" onClick={cancel}>
          Cancel
        </button>
      </div>
    </>
  );
}

function Whole({ here: { have, source, bytes, notKept } }: { here: Standing }) {
  const kept = notKept ? `They are gone with this page: ${notKept}.` : `This browser keeps them, ${megabytes(bytes)}.`;
  return (
    <>
      <p class="note">
        {thousands(have.train.count)} training and {thousands(have.test.count)} test pictures are here: {source}. {kept}
      </p>
      <div class="buttons">
        <Delete />
      </div>
    </>
  );
}

const Delete = () => (
  <button type="button" onClick={removePictures}>
    Delete the pictures
  </button>
);
