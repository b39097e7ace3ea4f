/** What the report calls a fault. */
import type { ChaosAction } from './plan.ts';

/** The same for all faults of a kind, whatever operation they met. */
export function faultName(action: ChaosAction): string {
  switch (action.kind) {
    case 'requests': {
      const { effect, operation } = action.fault;
      const service = { GetParameter: 'SSM', SendMessage: 'SQS' }[operation] ?? 'S3';
      return `${service}: ${effect.kind === 'fail' ? `${effect.status} ${effect.code}` : EFFECTS[effect.kind]}${after(effect)}`;
    }
    case 'kafka': {
      const { effect, api } = action.fault;
      return `Kafka ${api}: ${effect.kind === 'fail' ? effect.error : EFFECTS[effect.kind]}${after(effect)}`;
    }
    case 'messages':
      return `message: ${MESSAGES[action.fault.effect.kind]}`;
    case 'functions':
      return `function: ${action.fault.effect.kind === 'kill' ? 'kill -9 at a time' : 'timeout'}`;
    case 'kill-function':
      return 'function: kill -9';
    case 'kill-host':
      return 'host: kill -9';
    case 'run-schedules':
    case 'compact':
      return action.kind;
  }
}

const EFFECTS = { drop: 'connection reset', hang: 'no answer', delay: 'late answer', refuse: 'refused' } as const;
const MESSAGES = {
  lose: 'notification lost',
  delay: 'notification late',
  duplicate: 'notification twice',
  redeliver: 'delivered again although deleted',
  reappear: 'visible again early',
} as const;

const after = (effect: { readonly when?: string } | object): string =>
  'when' in effect && effect.when === 'after' ? ', after it was done' : '';
