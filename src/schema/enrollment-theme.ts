import { Field, ObjectType } from 'type-graphql';
import { OrganizationLogoType } from './organization-settings.js';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@ObjectType('EnrollmentTheme', {
  description: 'How the pages of an enrollment look: like the organization that it leads to.',
  simpleResolvers: true,
})
export class EnrollmentThemeType {
  @Field(() => String, { nullable: true, description: 'The color on a light background: `#rrggbb`.' })
  primaryColor!: string | null;

  @Field(() => String, { nullable: true, description: 'The color on a dark background: `#rrggbb`.' })
  darkPrimaryColor!: string | null;

  @Field(() => [OrganizationLogoType], { description: 'Its pictures: at most one of each kind.' })
  logos!: OrganizationLogoType[];
}
