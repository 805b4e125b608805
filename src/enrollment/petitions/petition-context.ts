import type { OperationContext } from '../../context.js';

/** What commands on petitions work with. */
export type PetitionContext = OperationContext & {
  /** The token of the petition that came with the request, hashed; null when none did. */
  petitionTokenHash: string | null;
  sendsMail: boolean;
  /** Of the job that asks sources: it goes on by itself with what a petition waits for next. */
  answersSources?: boolean;
  /** Secrets that are to be handed to the caller once, in the payload. */
  issued?: { enrolleeToken?: string };
};
