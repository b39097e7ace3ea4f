/** Names that a warehouse can have. */
import type { WarehouseTable } from '../ports.ts';

export interface NameRules {
  /** As in messages: `Redshift`. */
  readonly warehouse: string;
  readonly nameBytesMax: number;
  /** What the warehouse makes of a name; names that become the same are one. */
  spell(name: string): string;
  /** @default any */
  readonly allowed?: { readonly pattern: RegExp; readonly words: string };
}

/** Where the ledger is, and the locks, in warehouses that have schemas. */
const OWN_SCHEMA = 'headrace';

/** @throws Error when tables of events would be among those of the loader, whose names they could have. */
export function checkSchema(schema: string, { warehouse, spell }: NameRules): void {
  if (spell(schema) === spell(OWN_SCHEMA)) {
    throw new Error(`Cannot use the schema "${schema}" of ${warehouse} for tables: the ledger has it, name another`);
  }
}

/** @throws Error that names the table or the column that the warehouse cannot have. */
export function checkNames({ table, columns }: WarehouseTable, rules: NameRules): void {
  checkName(`the table "${table}"`, table, rules);
  const spelled = new Map<string, string>();
  for (const { name } of columns) {
    checkName(`the column "${name}"`, name, rules);
    const other = spelled.get(rules.spell(name));
    if (other !== undefined) {
      throw new Error(
        `Cannot make the column "${name}": ${rules.warehouse} takes it and "${other}" for one, rename one of them`,
      );
    }
    spelled.set(rules.spell(name), name);
  }
}

function checkName(what: string, name: string, { warehouse, nameBytesMax, allowed }: NameRules): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > nameBytesMax) {
    throw new Error(`Cannot make ${what}: its name has ${bytes} bytes, ${warehouse} allows ${nameBytesMax}`);
  }
  if (allowed && !allowed.pattern.test(name)) {
    throw new Error(`Cannot make ${what}: ${warehouse} allows ${allowed.words}`);
  }
}
