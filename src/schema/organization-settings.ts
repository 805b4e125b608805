import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { LogoKind } from '../entities/enums.js';
import { Auth } from './requirement.js';
import { DateTime, JSONValue } from './scalars.js';

const STALE = 'Refuses with STALE_VERSION when the organization was changed since.';

@Auth('PUBLIC')
@ObjectType('OrganizationLogo', { description: 'A picture of an organization.', simpleResolvers: true })
export class OrganizationLogoType {
  @Field(() => LogoKind, { description: 'Where it is shown.' })
  kind!: LogoKind;

  @Field(() => String, { description: 'Its address, which anybody may read. Another picture has another one.' })
  url!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What it is, such as image/png; null where it is kept elsewhere.',
  })
  mediaType!: string | null;

  @Field(() => DateTime, { description: 'When it was set.' })
  updatedAt!: string;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A file that is sent along.' })
export class LogoUploadInput {
  @Field(() => String, {
    description: 'The file in base64, as a variable: a PNG or SVG of at most 500000 bytes.',
  })
  content!: string;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A logo: either its address or a file.' })
export class OrganizationLogoSetInput {
  @Field(() => ID, { description: 'Whose logo.' })
  organizationId!: string;

  @Field(() => Int, { nullable: true, description: STALE })
  expectedVersion?: number | null;

  @Field(() => LogoKind, { description: 'Where it is shown.' })
  kind!: LogoKind;

  @Field(() => String, { nullable: true, description: 'An https address, which is given to browsers as it is.' })
  url?: string | null;

  @Field(() => LogoUploadInput, { nullable: true, description: 'A file, which is kept and served here.' })
  upload?: LogoUploadInput | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'The logo to take away.' })
export class OrganizationLogoRemoveInput {
  @Field(() => ID, { description: 'Whose logo.' })
  organizationId!: string;

  @Field(() => Int, { nullable: true, description: STALE })
  expectedVersion?: number | null;

  @Field(() => LogoKind, { description: 'Which one.' })
  kind!: LogoKind;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Changes of some keys of custom data.' })
export class OrganizationCustomDataPatchInput {
  @Field(() => ID, { description: 'Which organization.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: STALE })
  expectedVersion?: number | null;

  @Field(() => JSONValue, {
    description:
      'A JSON merge patch (RFC 7396): an object whose keys are set, and taken away where they are null; objects in it are merged in turn.',
  })
  patch!: unknown;
}
