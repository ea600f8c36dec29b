/** One of a few: buttons in a row, of which one is down. */
import type { Signal } from '@preact/signals';
import { useId } from 'preact/hooks';

interface ChoiceProps<Value extends string> {
  readonly name: string;
  readonly value: Signal<Value>;
  readonly options: Readonly<Record<Value, string>>;
}

export function Choice<Value extends string>({ name, value, options }: ChoiceProps<Value>) {
  const group = useId();
  return (
    <fieldset class="row-of">
      <legend class="unseen">{name}</legend>
      {(Object.entries(options) as [Value, string][]).map(([option, label]) => (
        <label key={option}>
          <input
            type="radio"
            name={group}
            checked={value.value === option}
            onChange={() => {
              value.value = option;
            }}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
