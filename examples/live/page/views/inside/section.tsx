/** Inside the network: closed, it costs nothing; what is in it is loaded when it is first opened. */
import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { inView, isOpen, peeks } from '../../state/inside.js';

export function InsideSection() {
  const details = useRef<HTMLDetailsElement>(null);
  const body = useSignal<{ readonly View: ComponentType } | null>(null);
  useEffect(() => {
    const element = details.current;
    if (!element) return;
    const seeing = new IntersectionObserver((found) => {
      inView.value = found.at(-1)?.isIntersecting ?? false;
    });
    seeing.observe(element);
    const hiding = (): void => {
      if (document.hidden) inView.value = false;
      else {
        // The observer tells anew.
        seeing.unobserve(element);
        seeing.observe(element);
      }
    };
    document.addEventListener('visibilitychange', hiding);
    return () => {
      seeing.disconnect();
      document.removeEventListener('visibilitychange', hiding);
      inView.value = false;
    };
  }, [inView]);
  const open = isOpen.value;
  useEffect(() => {
    if (open && !body.peek()) void import('./body.js').then(({ Body }) => (body.value = { View: Body }));
  }, [open, body]);
  const asked = peeks.value;
  useEffect(() => {
    if (asked === 0) return;
    details.current?.scrollIntoView({ block: 'start' });
    details.current?.querySelector('summary')?.focus({ preventScroll: true });
  }, [asked]);
  return (
    <details
      ref={details}
      class="card inside"
      open={open}
      onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}
    >
      <summary>
        <h2>Inside the network</h2>
        <span class="note">filters, activation maps, distributions, and a picture of your own</span>
      </summary>
      {open && (body.value ? <body.value.View /> : <p class="note">Loading…</p>)}
    </details>
  );
}
