/** Says that a newer build of the page is here. */
import { newer, takeNewer } from '../state/offline.js';

export function Newer() {
  if (!newer.value) return null;
  return (
    <div class="newer" role="status">
      <p>A newer version of this page has been loaded.</p>
      <button type="button" onClick={takeNewer}>
        Reload into it
      </button>
    </div>
  );
}
