/** Set by hand (`kairos stop --agent`): nothing is asked. */
export const AGENT_STOPPED_LATCH = 'agent-stopped';
/** Set when the API says that its spending limit is reached: nothing is asked before the month has ended, or somebody clears it. */
export const SPEND_CAP_LATCH = 'model-spend-cap';
