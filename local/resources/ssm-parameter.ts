/** AWS::SSM::Parameter. */
import type { CreateResource } from './deployment.ts';
import { physicalName } from './physical-name.ts';
import { expectProperties } from './property-check.ts';

const PARAMETER_NAME_MAX = 1011;

export const createParameter: CreateResource = async ({ stackName, logicalId, properties }, { aws }) => {
  expectProperties(properties, ['Name', 'Type', 'Value'], ['Description', 'Tags', 'Tier']);
  const name = String(properties['Name'] ?? physicalName(stackName, logicalId, PARAMETER_NAME_MAX));
  const [type, value] = [String(properties['Type']), String(properties['Value'])];
  aws.parameters.put(name, type, value);
  return { ref: name, attributes: { Type: type, Value: value } };
};
