/** Whether the tables of several events can be in one warehouse. */
import { join } from 'node:path';
import type { CompiledContract } from './compiled-contract.ts';
import { ContractError } from './contract-error.ts';
import { EVENT_FILE } from './event-yaml.ts';
import { athenaLakeName, athenaLedgerName, shadowTableName } from './names.ts';

/**
 * Tables of all targets are looked at together, because on a laptop they are in one file.
 * @throws ContractError when two events would be loaded into one table, or one into a table that another needs beside
 * its own; SQL does not tell cases apart.
 */
export function checkTables(schemasDir: string, contracts: readonly CompiledContract[]): void {
  for (const [index, contract] of contracts.entries()) {
    const { event, warehouse } = contract;
    const file = join(schemasDir, event, EVENT_FILE);
    const other = contracts.slice(0, index).find((one) => tableOf(one) === tableOf(contract));
    if (other !== undefined) {
      throw new ContractError(file, 0, `warehouse.table: "${warehouse.table}" is the table of ${other.event} already`);
    }
    const owner = contracts.find((one) => isBeside(tableOf(contract), contract, one));
    if (owner !== undefined) {
      const reason = `is a table that ${owner.event} needs beside "${owner.warehouse.table}", name another`;
      throw new ContractError(file, 0, `warehouse.table: "${warehouse.table}" ${reason}`);
    }
  }
}

const tableOf = ({ warehouse }: CompiledContract): string => warehouse.table.toLowerCase();

/** Whether the name is one that the owner's table takes too: its shadow in all targets, and what Athena adds. */
function isBeside(name: string, { warehouse: { target } }: CompiledContract, owner: CompiledContract): boolean {
  const shadow = shadowTableName(tableOf(owner));
  const isOnAthena = target === 'athena' && owner.warehouse.target === 'athena';
  const version = Number(/\d+$/.exec(name)?.[0]);
  const added = [tableOf(owner), shadow].flatMap((table) => [athenaLedgerName(table), athenaLakeName(table, version)]);
  return name === shadow || (isOnAthena && added.includes(name));
}
