import { z } from 'zod';
import { permissionKeys } from '../permissions/options.ts';
import { agentApprovals, agentChat, agentLimits } from './limits.ts';

/** Schema of `agent:`: how far it may go, what it may do without asking, and how it talks. */
export const agentOptions = z
  .strictObject({ ...permissionKeys, approvals: agentApprovals, limits: agentLimits, chat: agentChat })
  .prefault({});
