/** A kind's JSON Schema read into fields. Only what job arguments use; what is not understood becomes a field for JSON. */

import type { Kind } from "./api/schema";
import { isUnasked } from "./kinds";

export type Shape =
  | { readonly type: "path" }
  /** A path, or the address of an object store. */
  | { readonly type: "place" }
  | { readonly type: "text"; readonly maxLength?: number }
  | { readonly type: "number"; readonly whole: boolean; readonly least?: number; readonly most?: number }
  | { readonly type: "yes-no" }
  | { readonly type: "choice"; readonly choices: readonly (string | number)[] }
  | { readonly type: "list"; readonly of: Shape }
  | { readonly type: "json" };

export interface Field {
  /** Of which kind of jobs. */
  readonly kind: string;
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
  readonly description: string;
  readonly initial: unknown;
  /** May be left empty: then null. */
  readonly nullable: boolean;
}

type Json = Readonly<Record<string, unknown>>;

export function fieldsOf(kind: Kind): readonly Field[] {
  const schema = resolved(kind.schema as Json, kind.schema as Json);
  const required = new Set(Array.isArray(schema.required) ? (schema.required as readonly string[]) : []);
  const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Json>>);
  return properties
    .filter(([name]) => required.has(name) || !isUnasked(kind.kind, name))
    .map(([name, property]) => {
      const [inner, nullable] = withoutNull(resolved(property, kind.schema as Json));
      const shape = shapeOf(inner, kind.schema as Json);
      return {
        kind: kind.kind,
        name,
        shape,
        nullable,
        required: required.has(name),
        description: typeof property.description === "string" ? property.description : "",
        initial: "default" in property ? property.default : emptyOf(shape, nullable),
      };
    });
}

function shapeOf(schema: Json, root: Json): Shape {
  if (schema.format === "path") return { type: "path" };
  if (Array.isArray(schema.anyOf) && schema.anyOf.some((part) => isObject(part) && part.type === "string")) return { type: "place" };
  if (Array.isArray(schema.enum)) return { type: "choice", choices: schema.enum as readonly (string | number)[] };
  switch (schema.type) {
    case "string":
      return { type: "text", ...(typeof schema.maxLength === "number" ? { maxLength: schema.maxLength } : {}) };
    case "integer":
    case "number":
      return {
        type: "number",
        whole: schema.type === "integer",
        ...(typeof schema.minimum === "number" ? { least: schema.minimum } : {}),
        ...(typeof schema.maximum === "number" ? { most: schema.maximum } : {}),
      };
    case "boolean":
      return { type: "yes-no" };
    case "array":
      return { type: "list", of: isObject(schema.items) ? shapeOf(resolved(schema.items, root), root) : { type: "json" } };
    default:
      return { type: "json" };
  }
}

/** What a `$ref` names; references only lead within the schema. */
function resolved(schema: Json, root: Json): Json {
  const name = typeof schema.$ref === "string" ? /^#\/\$defs\/(.+)$/.exec(schema.$ref)?.[1] : undefined;
  const found = name === undefined ? undefined : (root.$defs as Readonly<Record<string, unknown>> | undefined)?.[name];
  return isObject(found) ? { ...found, ...schema, $ref: undefined } : schema;
}

/** `X | None` as X. */
function withoutNull(schema: Json): readonly [Json, boolean] {
  if (schema.format === "path" || !Array.isArray(schema.anyOf)) return [schema, false];
  const parts = schema.anyOf as readonly Json[];
  const rest = parts.filter((part) => part.type !== "null");
  const only = rest[0];
  return rest.length === 1 && only
    ? [{ ...schema, anyOf: undefined, ...only }, rest.length < parts.length]
    : [schema, rest.length < parts.length];
}

export function emptyOf(shape: Shape, nullable = false): unknown {
  if (nullable) return null;
  switch (shape.type) {
    case "list":
      return [];
    case "yes-no":
      return false;
    // Nothing is chosen for a person where the kind itself chooses nothing.
    default:
      return "";
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export class Wrong extends Error {}

const NEEDED: Readonly<Partial<Record<Shape["type"], string>>> = {
  list: "Choose at least one.",
  path: "Choose one, or type its path.",
  choice: "Choose one.",
};

/** What a field's draft means as a job's argument; undefined where it is left to the default. Raises Wrong. */
export function argumentOf(field: Field, draft: unknown): unknown {
  if (isEmpty(draft)) {
    if (field.nullable) return null;
    if (field.required && field.shape.type !== "json") {
      throw new Wrong(NEEDED[field.shape.type] ?? "This is needed.");
    }
    return field.required ? undefined : field.initial;
  }
  return meaning(field.shape, draft);
}

function meaning(shape: Shape, draft: unknown): unknown {
  switch (shape.type) {
    case "number": {
      const number = typeof draft === "number" ? draft : Number(String(draft).trim());
      if (Number.isNaN(number) || (shape.whole && !Number.isInteger(number))) {
        throw new Wrong(shape.whole ? "A whole number, please." : "A number, please.");
      }
      if (shape.least !== undefined && number < shape.least) throw new Wrong(`At least ${shape.least}.`);
      if (shape.most !== undefined && number > shape.most) throw new Wrong(`At most ${shape.most}.`);
      return number;
    }
    case "path":
      if (typeof draft === "string" && !draft.startsWith("/")) throw new Wrong("A whole path, beginning with a slash.");
      return draft;
    case "list":
      return (draft as readonly unknown[]).filter((one) => !isEmpty(one)).map((one) => meaning(shape.of, one));
    case "json":
      return typeof draft === "string" ? parsed(draft) : draft;
    default:
      return draft;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Wrong("This is no JSON.");
  }
}

function isEmpty(draft: unknown): boolean {
  if (Array.isArray(draft)) return draft.every(isEmpty);
  return draft === "" || draft === null || draft === undefined;
}
