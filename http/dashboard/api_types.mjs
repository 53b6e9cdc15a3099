// node api_types.mjs OPENAPI OUT: the schemas of the API's document as TypeScript. Its types are what the page compiles
// against ("api-types"); nothing of them is in the bundle.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const NAMES = { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' };

function arrayOf(items, indent) {
  const inner = typeOf(items ?? {}, indent);
  return /[ |{]/.test(inner) ? `(${inner})[]` : `${inner}[]`;
}

function objectOf(schema, indent) {
  const { properties, required = [], additionalProperties } = schema;
  if (!properties) {
    return `Record<string, ${typeof additionalProperties === 'object' ? typeOf(additionalProperties, indent) : 'unknown'}>`;
  }
  const lines = Object.entries(properties).map(([name, one]) => {
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    const about = one.description ? `${indent}  /** ${one.description.replace(/\*\//g, '')} */\n` : '';
    return `${about}${indent}  ${key}${required.includes(name) ? '' : '?'}: ${typeOf(one, `${indent}  `)};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function typeOf(schema, indent) {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  for (const some of [schema.oneOf, schema.anyOf]) {
    if (some) return some.map((one) => typeOf(one, indent)).join(' | ');
  }
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => typeOf({ ...schema, type }, indent)).join(' | ');
  }
  if (schema.type === 'array') return arrayOf(schema.items, indent);
  if (schema.type === 'object') return objectOf(schema, indent);
  const name = NAMES[schema.type];
  if (schema.type && !name) throw new Error(`a type that is not known here: ${schema.type}`);
  return name ?? 'unknown';
}

export function typesOf(document) {
  const parts = Object.entries(document.components.schemas).map(([name, schema]) => {
    const type = typeOf(schema, '');
    return schema.properties ? `export interface ${name} ${type}` : `export type ${name} = ${type};`;
  });
  return `// Made by http/dashboard/api_types.mjs.\n\n${parts.join('\n\n')}\n`;
}

const [from, to] = process.argv.slice(2);
mkdirSync(dirname(to), { recursive: true });
writeFileSync(to, typesOf(JSON.parse(readFileSync(from, 'utf8'))));
