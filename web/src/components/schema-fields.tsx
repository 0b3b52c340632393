/** The fields of a form made from a kind's schema. */

import { useId, useState } from "react";
import { choiceWords, labelOf } from "../kinds";
import { type Field, type Shape, emptyOf } from "../schema-form";
import { shown } from "../words";
import { FolderPicker } from "./folder-picker";

interface SchemaFieldProps {
  readonly field: Field;
  readonly value: unknown;
  readonly problem: string;
  readonly onChange: (value: unknown) => void;
}

export function SchemaField({ field, value, problem, onChange }: SchemaFieldProps) {
  const id = useId();
  const label = labelOf(field.kind, field.name);
  const described = [field.description ? `${id}-about` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ");
  if (field.shape.type === "yes-no") {
    return (
      <div className="field">
        <label className="check">
          <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
          {label}
        </label>
        {problem && <Problem id={id} text={problem} />}
      </div>
    );
  }
  const isList = field.shape.type === "list";
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: where it has a label it has a role as well
    <div className="field" role={isList ? "group" : undefined} aria-labelledby={isList ? `${id}-label` : undefined}>
      {isList ? (
        <span className="label" id={`${id}-label`}>
          {label}
        </span>
      ) : (
        <label htmlFor={id}>{label}</label>
      )}
      {field.description && (
        <p className="quiet" id={`${id}-about`}>
          {field.description}
        </p>
      )}
      <Input
        id={id}
        kind={field.kind}
        name={field.name}
        label={label}
        shape={field.shape}
        value={value}
        invalid={problem !== ""}
        described={described}
        required={field.required}
        onChange={onChange}
      />
      {problem && <Problem id={id} text={problem} />}
    </div>
  );
}

function Problem({ id, text }: { readonly id: string; readonly text: string }) {
  return (
    <p className="problem" id={`${id}-problem`}>
      {text}
    </p>
  );
}

interface InputProps {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly label: string;
  readonly shape: Shape;
  readonly value: unknown;
  readonly invalid: boolean;
  readonly described: string;
  readonly required: boolean;
  readonly onChange: (value: unknown) => void;
}

function Input(props: InputProps) {
  const { id, kind, name, shape, value, invalid, described, required, onChange } = props;
  const common = {
    id,
    "aria-invalid": invalid || undefined,
    "aria-describedby": described || undefined,
    "aria-required": required || undefined,
  };
  switch (shape.type) {
    case "path":
    case "place":
      return <PathInput {...props} common={common} />;
    case "choice":
      return (
        <select
          {...common}
          value={String(value)}
          onChange={(event) => onChange(shape.choices.find((one) => String(one) === event.target.value))}
        >
          {value === "" && <option value="">Choose…</option>}
          {shape.choices.map((choice) => (
            <option key={choice} value={String(choice)}>
              {choiceWords(kind, name, String(choice))}
            </option>
          ))}
        </select>
      );
    case "list":
      return <ListInput {...props} of={shape.of} />;
    case "number":
      return <input {...common} inputMode="decimal" value={textOf(value)} onChange={(event) => onChange(event.target.value)} />;
    case "json":
      return (
        <textarea
          {...common}
          rows={3}
          spellCheck={false}
          value={typeof value === "string" ? value : JSON.stringify(value)}
          onChange={(event) => onChange(event.target.value)}
        />
      );
    default:
      return <input {...common} spellCheck={false} value={textOf(value)} onChange={(event) => onChange(event.target.value)} />;
  }
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

interface Common {
  readonly id: string;
}

/** A path is typed, or chosen among the folders that the server shows. One that is no UTF-8 can only be chosen. */
function PathInput({ shape, value, label, common, onChange }: InputProps & { readonly common: Common }) {
  const [choosing, setChoosing] = useState(false);
  const typed = typeof value === "string" || value === null;
  return (
    <div className="pair">
      <input
        {...common}
        className="path-input"
        spellCheck={false}
        autoCapitalize="off"
        placeholder={shape.type === "place" ? "/media/backup or s3://bucket/folder" : "/home/you/Pictures"}
        readOnly={!typed}
        value={typed ? (value ?? "") : pathText(value)}
        onChange={(event) => onChange(event.target.value)}
      />
      <button type="button" onClick={() => setChoosing(true)} aria-label={`Choose a folder: ${label}`}>
        Choose…
      </button>
      {!typed && (
        <button type="button" className="plain" aria-label="Empty this field" onClick={() => onChange("")}>
          ×
        </button>
      )}
      {choosing && (
        <FolderPicker
          onClose={() => setChoosing(false)}
          onChoose={(path) => {
            onChange(path);
            setChoosing(false);
          }}
        />
      )}
    </div>
  );
}

/** A name that is no text comes as `{"bytes": …}`; for people each wrong byte is a dot. */
export function pathText(value: unknown): string {
  if (typeof value === "string") return shown(value);
  const raw = (value as { bytes?: unknown } | null)?.bytes;
  return typeof raw === "string" ? window.atob(raw).replaceAll(/[^\x20-\x7e]/g, "·") : JSON.stringify(value);
}

function ListInput({ id, kind, name, label, of, value, invalid, described, required, onChange }: InputProps & { readonly of: Shape }) {
  const values = Array.isArray(value) && value.length > 0 ? (value as readonly unknown[]) : required ? [emptyOf(of)] : [];
  const set = (place: number, one: unknown) => onChange(values.map((old, at) => (at === place ? one : old)));
  return (
    <div className="list">
      {values.map((one, place) => (
        // biome-ignore lint: a list of plain values has no other name for its places
        <div className="list-entry" key={place}>
          <label className="unseen" htmlFor={`${id}-${place}`}>
            {label}, {place + 1}
          </label>
          <Input
            id={`${id}-${place}`}
            kind={kind}
            name={name}
            label={label}
            shape={of}
            value={one}
            invalid={invalid}
            described={described}
            required={required && place === 0}
            onChange={(changed) => set(place, changed)}
          />
          {(values.length > 1 || !required) && (
            <button
              type="button"
              className="plain"
              aria-label={`Remove ${label}, ${place + 1}`}
              onClick={() => onChange(values.filter((_, at) => at !== place))}
            >
              ×
            </button>
          )}
        </div>
      ))}
      <button type="button" className="small" onClick={() => onChange([...values, emptyOf(of)])}>
        Add {values.length ? "another" : "one"}
      </button>
    </div>
  );
}
