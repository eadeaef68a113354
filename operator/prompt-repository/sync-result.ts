/** What came of one look at a repository. */
import type { PromptRepositoryConditionClaim, PromptRepositoryStatus } from '#crds/prompt-repository.ts';
import type { RepositoryProblem } from '#domain/prompt-repository/repository-file.ts';

type ReasonOf<Type extends PromptRepositoryConditionClaim['type']> = Extract<
  PromptRepositoryConditionClaim,
  { readonly type: Type }
>['reason'];

export type SyncResult =
  | { readonly kind: 'suspended' }
  | {
      readonly kind: 'notFetched';
      readonly reason: Exclude<ReasonOf<'Fetched'>, 'Fetched' | 'Suspended'>;
      readonly message: string;
    }
  | {
      readonly kind: 'notApplied';
      readonly commit: string;
      readonly reason: Exclude<ReasonOf<'Applied'>, 'Applied' | 'NothingFetched'>;
      readonly message: string;
      readonly problems: readonly RepositoryProblem[];
    }
  | {
      readonly kind: 'applied';
      readonly commit: string;
      readonly prompts: NonNullable<PromptRepositoryStatus['prompts']>;
      readonly goldenSets: NonNullable<PromptRepositoryStatus['goldenSets']>;
    };

/** Whether the server was told how the commit stands. */
export type ReportResult =
  | { readonly kind: 'reported'; readonly commit: string; readonly state: 'Success' | 'Failure' }
  | { readonly kind: 'notReported'; readonly message: string };

export interface Sync {
  readonly result: SyncResult;
  readonly report: ReportResult | undefined;
}
