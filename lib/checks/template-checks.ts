/** What Guard cannot say about a template: how its resources fit together, and how large it is. */
import { referred, type Template, type TemplateResource } from './template.ts';

/** What is wrong with a resource, or without one with the template. */
export interface Finding {
  readonly rule: string;
  readonly logicalId?: string;
  readonly message: string;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const TEMPLATE_BYTES_MAX = 1_000_000;
const TEMPLATE_RESOURCES_MAX = 500;
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY_PER_TIMEOUT = 6;
const VISIBILITY_DEFAULT_SECONDS = 30;
const TIMEOUT_DEFAULT_SECONDS = 3;
/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const ENVIRONMENT_BYTES_MAX = 4_096;

/** Everything that is wrong with the template of the stack. */
export function checkTemplate(stackName: string, template: Template): Finding[] {
  return [
    ...checkSize(stackName, template),
    ...checkQueues(template),
    ...checkVisibility(template),
    ...checkDestinations(template),
    ...checkEnvironments(template),
  ];
}

function checkSize(stackName: string, { text, resources }: Template): Finding[] {
  const sizes = [
    { is: Buffer.byteLength(text), max: TEMPLATE_BYTES_MAX, of: 'bytes' },
    { is: Object.keys(resources).length, max: TEMPLATE_RESOURCES_MAX, of: 'resources' },
  ];
  return sizes.flatMap(({ is, max, of }) => {
    const message = `Cannot deploy "${stackName}": its template has ${is} ${of}, CloudFormation allows ${max}`;
    return is > max ? [{ rule: 'template_fits', message }] : [];
  });
}

/** Dead letters of a queue go to a queue, which has none of its own. */
function checkQueues(template: Template): Finding[] {
  const queues = ofType(template, 'AWS::SQS::Queue');
  const redrives = queues.map(([, { RedrivePolicy }]) => RedrivePolicy as { deadLetterTargetArn: unknown } | undefined);
  const targets = new Set(redrives.map((redrive) => referred(redrive?.deadLetterTargetArn)));
  return queues.flatMap(([logicalId, { RedrivePolicy }]) =>
    RedrivePolicy === undefined && !targets.has(logicalId)
      ? [
          {
            rule: 'queue_has_dead_letters',
            logicalId,
            message:
              'Cannot take messages: a queue without a RedrivePolicy forgets what fails, name a dead-letter queue',
          },
        ]
      : [],
  );
}

/** A message that returns while it is worked on is worked on twice. */
function checkVisibility(template: Template): Finding[] {
  return ofType(template, 'AWS::Lambda::EventSourceMapping').flatMap(([logicalId, properties]) => {
    const queue = propertiesOf(template, 'AWS::SQS::Queue', properties['EventSourceArn']);
    const consumer = propertiesOf(template, 'AWS::Lambda::Function', properties['FunctionName']);
    if (queue === undefined || consumer === undefined) {
      return [];
    }
    const visibility = Number(queue['VisibilityTimeout'] ?? VISIBILITY_DEFAULT_SECONDS);
    const needed = VISIBILITY_PER_TIMEOUT * Number(consumer['Timeout'] ?? TIMEOUT_DEFAULT_SECONDS);
    const message = `Cannot take messages for ${visibility} s: the function may need longer, allowed are ${needed} s, six times its timeout, or more`;
    return visibility < needed ? [{ rule: 'visibility_outlasts_function', logicalId, message }] : [];
  });
}

/** Lambda ends endless repetition after ten attempts as soon as there is somewhere to put what failed. */
function checkDestinations(template: Template): Finding[] {
  return ofType(template, 'AWS::Lambda::EventSourceMapping').flatMap(([logicalId, properties]) => {
    const isKafka = properties['Topics'] !== undefined;
    const message =
      'Cannot have a destination on failure: Lambda would give records up after ten attempts, allowed is to repeat without end';
    return isKafka && properties['DestinationConfig'] !== undefined
      ? [{ rule: 'sink_repeats_without_end', logicalId, message }]
      : [];
  });
}

/** References count as they are written, which is about as long as what they become. */
function checkEnvironments(template: Template): Finding[] {
  return ofType(template, 'AWS::Lambda::Function').flatMap(([logicalId, { Environment }]) => {
    const { Variables = {} } = (Environment ?? {}) as { Variables?: Readonly<Record<string, unknown>> };
    const bytes = Object.entries(Variables).reduce((sum, [name, value]) => sum + name.length + textBytes(value), 0);
    const message = `Cannot pass ${bytes} bytes of environment variables: Lambda allows ${ENVIRONMENT_BYTES_MAX}`;
    return bytes > ENVIRONMENT_BYTES_MAX ? [{ rule: 'environment_is_small', logicalId, message }] : [];
  });
}

const textBytes = (value: unknown): number => (typeof value === 'string' ? value.length : JSON.stringify(value).length);

type Properties = NonNullable<TemplateResource['Properties']>;

const ofType = ({ resources }: Template, type: string): Array<[string, Properties]> =>
  Object.entries(resources).flatMap(
    ([logicalId, { Type, Properties = {} }]): Array<[string, Properties]> =>
      Type === type ? [[logicalId, Properties]] : [],
  );

function propertiesOf({ resources }: Template, type: string, reference: unknown): Properties | undefined {
  const resource = resources[referred(reference) ?? ''];
  return resource?.Type === type ? (resource.Properties ?? {}) : undefined;
}
