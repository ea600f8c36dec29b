/** A picture of the reader's: drawn by hand or by keys, or taken from a file. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { clearOwn, setOwn } from '../../state/own.js';
import { pictures } from '../../state/runs.js';
import { Choice } from '../choice.js';
import { bytesOf } from './crop.js';
import { planesOfFile } from './file.js';
import { Paper } from './paper.js';

export function OwnPicture({ from }: { from: number }) {
  const colour = useSignal('#1f6fb4');
  const brush = useSignal<'1' | '3' | '6'>('3');
  const trouble = useSignal('');
  async function take(file: Blob | null | undefined): Promise<void> {
    if (!file) return;
    try {
      trouble.value = '';
      setOwn(await planesOfFile(file));
    } catch {
      trouble.value = 'That is no picture that this browser reads.';
    }
  }
  useEffect(() => {
    const paste = ({ clipboardData }: ClipboardEvent): void => {
      void take([...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/')));
    };
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, []);
  return (
    <fieldset
      class="own"
      aria-label="Your own picture"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void take(event.dataTransfer?.files[0]);
      }}
    >
      <Paper colour={bytesOf(colour.value)} brush={Number(brush.value)} />
      <div class="tools">
        <label class="field">
          <span>Colour</span>
          <input
            type="color"
            value={colour.value}
            onInput={({ currentTarget }) => (colour.value = currentTarget.value)}
          />
        </label>
        <Choice name="Brush" value={brush} options={{ 1: 'Fine', 3: 'Middle', 6: 'Broad' }} />
        <button type="button" onClick={clearOwn}>
          Clear
        </button>
        <button
          type="button"
          disabled={!pictures.value}
          onClick={() => {
            const images = pictures.value?.images;
            if (images) setOwn(images.slice(from * 3072, (from + 1) * 3072));
          }}
        >
          Begin with the test picture
        </button>
        <label class="field">
          <span>A picture file, or drop or paste one</span>
          <input type="file" accept="image/*" onChange={({ currentTarget }) => void take(currentTarget.files?.[0])} />
        </label>
      </div>
      <p class="note" id="own-hint">
        Draw with the pointer; or with the arrow keys go to a place, and paint with space (held with Shift, arrows paint
        as they go). A file is cut to the square in its middle and scaled to 32 by 32, as the network sees it here.
        Nothing of it leaves this machine.
      </p>
      <p class="note bad" role="status">
        {trouble}
      </p>
    </fieldset>
  );
}
