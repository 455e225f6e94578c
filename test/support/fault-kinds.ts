/** What the palette offers on a host like the fake one of fake-snapshot.ts. */
import {faultKindsOf} from '../../source/commands/fault-kinds.js';
import {scenarioOf} from './hosts.js';

export const faultKinds = faultKindsOf(scenarioOf('web-and-db'));
